"""A wrapped model computes what the plain module computes, and what a plain hook would make of it."""

import contextvars
import copy
import threading

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import GPT2LMHeadModel

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.sites import AXES, WHOLE_MODEL
from mi_widgets.model.backend import lock_of
from tests.conftest import examples, small_gpt2, small_transformer
from tests.hooks import on_output

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
EVERY_SITE = [getattr(at, name) for name in AXES if name != "router"]  # which needs experts


@torch.no_grad()
def plain(module, ids=IDS):
    out = module(ids)
    return getattr(out, "logits", out)


def test_untouched_logits_are_the_plain_modules(module):
    before = plain(module)
    model = mi.load(module)
    kept = model.run(IDS, keep=EVERY_SITE)
    assert torch.allclose(kept.logits, before, atol=1e-5)
    assert torch.allclose(model.run(IDS).logits, before, atol=1e-5)
    model.release()
    assert torch.equal(plain(module), before)
    assert not [
        name
        for name, _ in module.named_modules()
        if "tap_" in name and isinstance(module, type(small_gpt2()))
    ]


def test_shapes_are_those_of_the_site(model):
    run = model.run([IDS[0].tolist(), [7, 8]], keep=EVERY_SITE)
    c = model.config
    sizes = {"batch": 2, "pos": 8, "query": 8, "key": 8, "head": c.n_heads} | {
        name: getattr(c, name) for name in ("d_head", "d_model", "d_mlp", "d_vocab")
    }
    for site in EVERY_SITE:
        one = site if site.name in WHOLE_MODEL else site[1]
        assert tuple(run[one].shape) == tuple(sizes[axis] for axis in site.axes)
        if site.name not in WHOLE_MODEL:
            assert torch.allclose(run[site][1], run[one], rtol=0, atol=0, equal_nan=True)


def test_the_residual_stream_adds_up(model):
    run = model.run(IDS, keep=EVERY_SITE)
    for layer in range(model.config.n_layers):
        pre, mid, post = (run[s[layer]] for s in (at.resid_pre, at.resid_mid, at.resid_post))
        assert torch.allclose(pre + run[at.attn_out[layer]], mid, atol=1e-5)
        assert torch.allclose(mid + run[at.mlp_out[layer]], post, atol=1e-5)
    assert torch.allclose(run[at.resid_post[0]], run[at.resid_pre[1]])
    assert torch.allclose(run[at.pattern].sum(-1), torch.ones(()), atol=1e-5)
    assert (run[at.pattern].triu(1) == 0).all()
    mixed = torch.einsum("bhqk,bkhd->bqhd", run[at.pattern[0]], run[at.v[0]])
    assert torch.allclose(mixed, run[at.z[0]], atol=1e-5)


def hooked(module, path, side, change):
    """The logits when a plain torch hook changes a submodule's input or output."""
    target = module.get_submodule(path)

    def pre(_, args, kwargs):
        return (change(args[0]), *args[1:]), kwargs

    handle = (
        target.register_forward_pre_hook(pre, with_kwargs=True)
        if side == "in"
        else target.register_forward_hook(on_output(change))
    )
    try:
        return plain(module)
    finally:
        handle.remove()


# Where a plain hook finds the same activation, in modules that were never loaded: (path, side, view per head).
HOOKS = {
    "transformer": {
        "embed": ("embed", "out"),
        "resid_pre": ("blocks.1", "in"),
        "resid_post": ("blocks.1", "out"),
        "attn_out": ("blocks.1.attn", "out"),
        "mlp_out": ("blocks.1.mlp", "out"),
        "mlp_post": ("blocks.1.mlp.tap_post", "out"),
        "z": ("blocks.1.attn.tap_z", "out"),
        "pattern": ("blocks.1.attn.tap_pattern", "out"),
        "logits": ("unembed", "out"),
    },
    "gpt2": {
        "embed": ("transformer.wte", "out"),
        "resid_pre": ("transformer.h.1", "in"),
        "resid_post": ("transformer.h.1", "out"),
        "attn_out": ("transformer.h.1.attn", "out"),
        "mlp_out": ("transformer.h.1.mlp", "out"),
        "mlp_pre": ("transformer.h.1.mlp.c_fc", "out"),
        "mlp_post": ("transformer.h.1.mlp.c_proj", "in"),
        "z": ("transformer.h.1.attn.c_proj", "in"),
        "logits": ("lm_head", "out"),
    },
}
MAKERS = {"transformer": small_transformer, "gpt2": small_gpt2}


def changes(site):
    """Each intervention at a site, with the same thing in plain torch."""
    direction = torch.randn(AXIS_SIZE[site.axes[-1]], generator=torch.Generator().manual_seed(1))
    return [
        (mi.ablate(site), lambda x: x * 0),
        (mi.scale(site, -1.5), lambda x: x * -1.5),
        (mi.steer(site, direction, scale=2.0), lambda x: x + 2 * direction),
        (mi.ablate(site, to="mean", data=direction), lambda x: direction.expand_as(x)),
        (mi.patch(site, direction), lambda x: direction.expand_as(x)),
    ]


AXIS_SIZE = {"d_model": 32, "d_head": 8, "d_vocab": 50, "key": 8}


@pytest.mark.parametrize(("family", "name"), [(f, n) for f, table in HOOKS.items() for n in table])
def test_every_intervention_is_the_plain_hook(family, name):
    module = MAKERS[family]()
    model, reference = mi.load(MAKERS[family]()), module
    path, side = HOOKS[family][name]
    AXIS_SIZE["d_mlp"] = model.config.d_mlp
    head, position = (2 if "head" in AXES[name] else None), 5
    site = (
        getattr(at, name) if name in WHOLE_MODEL else getattr(at, name)[(1, head) if head is not None else 1]
    )
    for where in (None, position):
        target = site if where is None else site.pos(where)
        for intervention, expected in changes(target):

            def change(x, expected=expected, where=where):
                x = x.clone()
                view = x
                if name == "z" and x.ndim == 3:  # GPT-2 has its heads side by side
                    view = x.unflatten(-1, (4, 8))
                if head is not None:
                    view = view[:, head] if name == "pattern" else view[:, :, head]
                view = view if where is None else view[:, where]
                view.copy_(expected(view.clone()))
                return x

            with model.intervene(intervention):
                got = model.run(IDS).logits
            assert torch.allclose(got, hooked(reference, path, side, change), atol=1e-5), intervention
            assert torch.allclose(model.run(IDS).logits, plain(reference), atol=1e-5)


@pytest.mark.parametrize("name", ["resid_mid", "q", "k", "v", "scores", "mlp_pre"])
def test_sites_without_a_plain_hook_read_back_what_was_written(model, name):
    site = getattr(at, name)[1]
    before = model.run(IDS, keep=[site])
    with model.intervene(mi.scale(site, 0.25)):
        after = model.run(IDS, keep=[site, at.resid_mid, at.mlp_out, at.resid_post])
    seen = before[site] > -1e4  # of the scores, those that no mask hides
    assert torch.allclose(after[site][seen], before[site][seen] * 0.25, atol=1e-5)
    assert not torch.allclose(after.logits, before.logits, atol=1e-4)
    assert torch.allclose(after[at.resid_mid[1]] + after[at.mlp_out[1]], after[at.resid_post[1]], atol=1e-5)


def test_patching_everything_gives_the_other_run(model):
    other = torch.tensor([[8, 7, 6, 5, 4, 3, 2, 1]])
    clean = model.run(IDS, keep=[at.resid_post])
    with model.intervene(mi.patch(at.resid_post[0], clean)):
        assert torch.allclose(model.run(other).logits, clean.logits, atol=1e-5)
    with model.intervene(mi.patch(at.resid_post[0].pos(2), clean)):
        run = model.run(other, keep=[at.resid_post])
    assert torch.equal(run[at.resid_post[0].pos(2)], clean[at.resid_post[0].pos(2)])


def test_mean_ablation_is_the_mean_over_real_tokens(model):
    texts = [[1, 2, 3, 4], [5, 6]]
    run = model.run(texts, keep=[at.z])
    singles = torch.cat([model.run(t, keep=[at.z])[at.z[1, 2]][0] for t in texts])
    knock = mi.ablate(at.z[1, 2], to="mean", data=run)
    assert torch.allclose(knock.data.tensor, singles.mean(0), atol=1e-5)
    with model.intervene(knock):
        seen = model.run(IDS, keep=[at.z])[at.z[1, 2]]
    assert torch.allclose(seen, knock.data.tensor.expand_as(seen))


def test_interventions_apply_in_order_and_nest_from_outside_in(model):
    site = at.resid_post[0]
    zero, add = mi.ablate(site), mi.steer(site, torch.ones(32))
    with model.intervene(zero, add):
        assert torch.allclose(model.run(IDS, keep=[site])[site], torch.ones(()))
        assert model.interventions == mi.stack(zero, add)
    with model.intervene(add), model.intervene(zero):
        run = model.run(IDS, keep=[site])
        assert (run[site] == 0).all()
    assert run.interventions == mi.stack(add, zero)
    assert model.interventions == mi.stack()


def test_the_model_is_as_before_after_an_error(model):
    before = model.run(IDS).logits
    with pytest.raises(RuntimeError, match="mine"), model.intervene(mi.ablate(at.resid_post[0])):
        raise RuntimeError("mine")
    misfit = mi.patch(at.resid_post[0], torch.zeros(1, 3, 32))
    with (
        model.intervene(misfit),
        pytest.raises(mi.errors.InterventionError, match=r"does not fit: .* \(1, 8, 32\)"),
    ):
        model.run(IDS)
    outside = mi.scale(at.z[0].pos(20), 2)
    says = "position 20 is outside of prompt 0, which has 8 tokens"
    with model.intervene(outside), pytest.raises(mi.errors.SiteError, match=says):
        model.run(IDS)
    assert torch.equal(model.run(IDS).logits, before)


def test_padding_changes_nothing(model):
    rows = [[1, 2, 3], [4, 5, 6, 7, 8, 9], [3]]
    batch = model.run(rows, keep=[at.resid_post, at.pattern])
    for i, row in enumerate(rows):
        alone = model.run(row, keep=[at.resid_post])
        assert torch.allclose(batch.logits[i, : len(row)], alone.logits[0], atol=1e-5)
        assert torch.allclose(batch[at.resid_post[1]][i, : len(row)], alone[at.resid_post[1]][0], atol=1e-5)
    last = batch[at.resid_post[1].pos(-1)]
    assert torch.equal(
        last, torch.stack([batch[at.resid_post[1]][i, len(r) - 1] for i, r in enumerate(rows)])
    )


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 49), min_size=1, max_size=9), min_size=1, max_size=3))
def test_any_ids_run_and_their_patterns_are_distributions(rows):
    model = SHARED
    run = model.run(rows, keep=[at.pattern])
    pattern = mi.attention(run)
    sums = pattern.to_xarray().sum("key").values
    for i, row in enumerate(rows):
        assert abs(sums[i, :, :, : len(row)] - 1).max() < 1e-5
        assert run.tokens[i][: len(row)] == tuple(f" {i}" for i in row)


SHARED = mi.load(small_transformer())


def test_generate_is_the_token_by_token_loop(module, model):
    ids = IDS.clone()
    with model.intervene(mi.scale(at.mlp_out[0], 2.0)):
        for _ in range(5):
            ids = torch.cat([ids, model.run(ids).logits[:, -1:].argmax(-1)], 1)
        written = model.generate(IDS, max_new_tokens=5)
    assert list(written.ids) == ids[0, 8:].tolist()
    assert str(written) == written.prompt + written.text


def test_generate_touches_new_tokens_only_where_told(model):
    ids = IDS[0].tolist()
    push = mi.steer(
        at.resid_post[1].pos("new"), torch.randn(32, generator=torch.Generator().manual_seed(0)), scale=50.0
    )
    plain_text, first = model.generate(ids, max_new_tokens=4), None
    with model.intervene(push):
        assert torch.equal(model.run(ids).logits, SAME(model, ids))
        first = model.generate(ids, max_new_tokens=4)
    assert first.ids[0] == plain_text.ids[0]  # the first new token comes from the prompt alone
    fixed = mi.patch(at.resid_post[0].pos(0), torch.zeros(1, 32))
    with model.intervene(fixed):
        assert len(model.generate(ids, max_new_tokens=3).ids) <= 3


def SAME(model, ids):
    """The logits outside of every context."""
    return contextvars.Context().run(lambda: model.run(ids).logits)


def test_sampling_follows_the_seed(model):
    draws = {model.generate(IDS, max_new_tokens=8, temperature=1.0, seed=s).ids for s in range(4)}
    assert len(draws) > 1
    again = [model.generate(IDS, max_new_tokens=8, temperature=1.0, seed=1).ids for _ in range(2)]
    assert again[0] == again[1]


def test_four_threads_at_once_give_the_sequential_results(model):
    interventions = [mi.scale(at.z[layer, head], 3.0) for layer in (0, 1) for head in (0, 2)]

    def changed(i):
        with model.intervene(interventions[i]):
            return model.run(IDS, keep=[at.pattern])

    expected = [changed(i) for i in range(4)]
    seen, problems = {}, []

    def work(i):
        try:
            seen[i] = [changed(i) for _ in range(5)]
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not problems
    for i, runs in seen.items():
        for run in runs:
            assert torch.allclose(run.logits, expected[i].logits, atol=1e-5)
            assert torch.allclose(run[at.pattern], expected[i][at.pattern], atol=1e-5)


def test_a_run_inside_a_run_is_an_error_not_a_deadlock(model):
    with lock_of(model.module), pytest.raises(mi.errors.NestedRun, match="inside another run"):
        model.run(IDS)
    model.run(IDS)


def test_wrappers_of_one_module_share_its_lock_and_stack():
    module = small_gpt2()
    first, second = mi.load(module), mi.load(module)
    assert lock_of(first.module) is lock_of(second.module)
    with first.intervene(mi.ablate(at.z[0, 0])):
        assert second.interventions == first.interventions
        assert torch.equal(first.run(IDS).logits, second.run(IDS).logits)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda m: m.run(""), "PromptError", "The prompt is empty"),
        (lambda m: m.run([]), "PromptError", "The prompt is empty"),
        (lambda m: m.run([[]]), "PromptError", "The prompt is empty"),
        (lambda m: m.run([1, 50]), "PromptError", "Token id 50 is out of the vocabulary: .* has ids 0 to 49"),
        (
            lambda m: m.run(list(range(41))),
            "PromptError",
            "has 41 tokens; .* takes at most 40. Shorten it by 1",
        ),
        (lambda m: m.run(3.5), "PromptError", "A prompt is a text, a list of texts, or token ids; got float"),
        (lambda m: m.run(torch.zeros(3)), "PromptError", "Token ids are whole numbers"),
        (lambda m: m.run(IDS, keep=[at.z[2]]), "SiteError", "has 2 layers, so the layer must be 0 to 1"),
        (
            lambda m: m.run(IDS, keep=[at.z[0, 4]]),
            "SiteError",
            "has 4 heads a layer, so the head must be 0 to 3",
        ),
        (lambda m: m.run(IDS)[at.pattern[1]], "NotKept", r"keep=\[at.pattern\[1\]\]"),
        (
            lambda m: m.run(IDS)["patern"],
            "SiteError",
            r"'patern' names no site: did you mean at\.pattern\? Names are embed",
        ),
        (lambda m: m.run(IDS)[3], "SiteError", "indexed with a site"),
        (lambda m: m.generate(IDS, max_new_tokens=40), "PromptError", "max_new_tokens can be at most 32"),
        (lambda m: m.generate([[1], [2]]), "PromptError", "continues one prompt; got 2"),
        (
            lambda m: m.generate(IDS, temperature=-1),
            "MIError",
            "model.generate: temperature must be a finite number from 0; got -1",
        ),
        (lambda m: m.require("sha256:0"), "DifferentModel", "written for a model with weights"),
        (lambda m: m.intervene("x").__enter__(), "InterventionError", "made by mi.ablate"),
        (lambda m: m.intervene(mi.ablate(at.z[5, 0])).__enter__(), "SiteError", "has 2 layers"),
    ],
)
def test_errors_name_what_was_given_and_what_is_allowed(model, call, error, says):
    before = model.run(IDS).logits
    with pytest.raises(getattr(mi.errors, error), match=says):
        call(model)
    assert torch.equal(model.run(IDS).logits, before)


def test_an_attention_only_model_says_that_it_has_no_mlp():
    model = mi.load(small_transformer(d_mlp=0))
    with pytest.raises(
        mi.errors.SiteError, match=r"has no at.mlp_out \(it is attention-only\); its sites are embed"
    ):
        model.run(IDS, keep=[at.mlp_out])


def test_unknown_things_to_load():
    with pytest.raises(mi.errors.UnknownModel, match="induction-2l"):
        mi.load("induction-3l")
    with pytest.raises(mi.errors.UnknownModel, match="got int"):
        mi.load(3)
    with pytest.raises(mi.errors.UnsupportedModel, match="Linear has no table of sites; supported: "):
        mi.load(torch.nn.Linear(2, 2))


def test_trust_names_what_is_wrong():
    assert mi.load(small_gpt2()).trust.warnings == ()
    broken = small_gpt2()
    with torch.no_grad():
        broken.lm_head.weight[3] = torch.nan
    trust = mi.load(broken).trust
    assert any("NaN or infinity in" in w for w in trust.warnings)
    assert "✗ numbers" in repr(trust)


def test_code_for_a_module_in_memory_asks_for_the_same_weights():
    model = mi.load(small_gpt2())
    assert f"model.require('{model.fingerprint}')" in model.run(IDS).next_tokens().code()
    model.require(model.fingerprint)
    with pytest.raises(mi.errors.DifferentModel):
        mi.load(small_gpt2(seed=1)).require(model.fingerprint)


def test_the_untrained_control_is_another_model_of_the_same_shape(model):
    control = model.untrained(seed=1)
    assert control.config == model.config
    assert control.fingerprint != model.fingerprint
    assert control.fingerprint == model.untrained(seed=1).fingerprint
    assert control.fingerprint != model.untrained(seed=2).fingerprint


def test_next_tokens_are_the_softmax_of_the_last_real_logits(model):
    run = model.run([[1, 2, 3], [4]])
    result = run.next_tokens(3)
    for row, last in ((0, 2), (1, 0)):
        p, ids = run.logits[row, last].softmax(-1).topk(3)
        assert torch.allclose(torch.tensor(result.sel(batch=row).values), p)
        assert result.dataset["token_id"].values[row].tolist() == ids.tolist()


def test_modules_that_share_a_config_do_not_disturb_each_other():
    first = small_gpt2()
    second = GPT2LMHeadModel(first.config).eval()
    before = plain(second)
    one = mi.load(first)
    assert torch.equal(plain(second), before)
    two = mi.load(second)
    two.release()
    assert torch.equal(plain(second), before)
    with one.intervene(mi.ablate(at.pattern[0])):
        assert (one.run(IDS, keep=[at.z])[at.z[0]] == 0).all()
    duplicate = copy.deepcopy(first)
    assert torch.allclose(plain(duplicate), one.run(IDS).logits, atol=1e-5)
    third = mi.load(duplicate)
    third.release()
    assert torch.allclose(plain(duplicate), one.run(IDS).logits, atol=1e-5)


def test_sites_are_changed_in_the_order_of_the_forward_pass():
    """GPT-2 changes resid_mid through attn_out: whatever the order written, resid_mid has the last word."""
    model, target = mi.load(small_gpt2()), torch.randn(1, 8, 32, generator=torch.Generator().manual_seed(0))
    last = mi.patch(at.resid_mid[0], target)
    for other in (
        mi.steer(at.resid_pre[0], torch.ones(32)),
        mi.scale(at.attn_out[0], 2.0),
        mi.scale(at.z[0, 1], 3.0),
    ):
        for order in ((last, other), (other, last)):
            with model.intervene(*order):
                assert torch.allclose(model.run(IDS, keep=[at.resid_mid])[at.resid_mid[0]], target, atol=1e-5)


def test_a_mean_is_over_all_tokens_also_for_one_position(model):
    run = model.run(IDS, keep=[at.z, at.pattern])
    knock = mi.ablate(at.z[0].pos(-1), to="mean", data=run)
    assert torch.allclose(knock.data.tensor, run[at.z[0]][0].mean(0), atol=1e-6)
    with model.intervene(knock):
        assert not torch.allclose(model.run(IDS).logits, run.logits, atol=1e-5)
    with pytest.raises(mi.errors.InterventionError, match="has no mean over texts of different lengths"):
        mi.ablate(at.pattern[0], to="mean", data=run)
    with pytest.raises(mi.errors.InterventionError, match="names no layer"):
        mi.ablate(at.z, to="mean", data=run)


def test_a_patch_is_never_stretched(model):
    short = model.run([5], keep=[at.resid_post])
    says = r"value has shape \(1, 1, 32\), the activation \(1, 8, 32\)"
    with (
        model.intervene(mi.patch(at.resid_post[1], short)),
        pytest.raises(mi.errors.InterventionError, match=says),
    ):
        model.run(IDS)
    with pytest.raises(mi.errors.InterventionError, match="no run has the tokens"):
        mi.patch(at.resid_post[0].pos("new"), short)


def test_a_patch_of_the_prompt_holds_while_generating(model):
    other = torch.tensor([[8, 7, 6, 5, 4, 3, 2, 1]])
    clean = model.run(other, keep=[at.pattern, at.resid_post])
    for site in (at.pattern[0], at.resid_post[0]):
        with model.intervene(mi.patch(site, clean)):
            written = model.generate(IDS, max_new_tokens=3)
            patched = model.run(IDS, keep=[site])
        assert torch.allclose(patched[site], clean[site])
        assert 1 <= len(written.ids) <= 3


def test_numbers_of_every_make_are_numbers(model):
    two, three = np.int64(2), np.int32(3)
    assert at.z[np.int64(1), three] == at.z[1, 3]
    assert at.z[0].pos(two) == at.z[0].pos(2)
    assert at.z[0].pos(np.array([1, 2])) == at.z[0].pos([1, 2])
    expected = model.run([2, 3]).logits
    for prompt in ([two, three], np.array([2, 3]), [torch.tensor([2, 3])], (2, 3)):
        assert torch.equal(model.run(prompt).logits, expected)
    with pytest.raises(mi.errors.SiteError, match="give a layer, or a layer and a head"):
        at.z[0, 1, 2]
    with pytest.raises(mi.errors.PromptError, match="got bytes"):
        model.run(b"abc")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda m: m.run(IDS, keep=["patern"]), "SiteError", "'patern' names no site"),
        (lambda m: m.run(IDS, keep=[3]), "SiteError", "keep= takes sites.*got 3"),
        (lambda m: m.run(IDS, keep=None), "WrongKind", "model.run: keep must be a list of Sites .*got None"),
        (lambda m: m.generate(IDS, max_new_tokens=0), "MIError", "whole number from 1; got 0"),
        (lambda m: m.generate(IDS, temperature=float("nan")), "MIError", "number from 0; got nan"),
        (lambda m: m.run(IDS).next_tokens(0), "MIError", "top_k must be a whole number from 1; got 0"),
        (lambda m: mi.scale(at.z[0], "a"), "WrongKind", "mi.scale: factor must be a number; got a str"),
        (
            lambda m: mi.steer(at.z[0], [1.0], scale=float("inf")),
            "InterventionError",
            "finite number; got inf",
        ),
        (lambda m: mi.load("induction-2l", tokenizer=1), "MIError", "has its own tokenizer"),
        (
            lambda m: mi.head_scores(m, "induction", length=8.5),
            "PromptError",
            "length must be a whole number from 2 to",
        ),
    ],
)
def test_wrong_arguments_are_named(model, call, error, says):
    with pytest.raises(getattr(mi.errors, error), match=says):
        call(model)


def test_a_released_model_says_so(model):
    model.release()
    with pytest.raises(mi.errors.MIError, match="was released: load the module again"):
        model.run(IDS)
    model.release()


def test_the_fingerprint_is_of_the_weights_as_they_are(model):
    before = model.fingerprint
    with torch.no_grad():
        next(iter(model.module.parameters())).view(-1)[0] += 1
    assert model.fingerprint != before
    with pytest.raises(mi.errors.DifferentModel):
        model.require(before)


def test_the_untrained_control_keeps_number_type_and_says_how_it_is_made():
    model = mi.load(small_gpt2().to(torch.bfloat16))
    control = model.untrained(seed=3)
    assert control.run(IDS).logits.dtype == torch.bfloat16
    assert control.code().endswith("\nuntrained = model.untrained(seed=3)")
    assert model.fingerprint in control.code()


def test_frozen_patterns_stay_whatever_comes_before(model):
    ids = torch.randint(50, (2, 9), generator=torch.Generator().manual_seed(1))
    run = model.run(ids, keep=[at.pattern])
    held = mi.interventions.freeze_pattern(run)
    assert len(held) == model.config.n_layers
    with model.intervene(held):
        assert torch.allclose(model.run(ids).logits, run.logits, atol=1e-5)
    with model.intervene(held, mi.ablate(at.resid_pre[0])):
        changed = model.run(ids, keep=[at.pattern, at.z])
    assert torch.allclose(changed[at.pattern], run[at.pattern], atol=1e-6)
    with pytest.raises(mi.errors.NotKept, match=r"keep=\[at.pattern\]"):
        mi.interventions.freeze_pattern(model.run(ids))
    assert eval(held.code(inline=True), {"mi": mi, "at": at}) == held
