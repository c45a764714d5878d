"""The report on a model says nothing untrue of a healthy one, and names each silent fault of an unhealthy one."""

import re

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn.utils import parametrize
from transformers import PreTrainedTokenizerFast

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import PromptError
from mi_widgets.core.sites import AXES
from tests.conftest import small_transformer
from tests.model.decoders import small_decoder
from tests.model.families import FAMILIES, small
from tests.model.faults import (
    FAULTS,
    around,
    attends_in_its_own_way,
    fused_gpt2,
    fused_llama,
    ignores_its_mask,
    put,
    subclass,
)
from tests.model.letters import letters

IDS = [[3, 1, 4, 1, 5, 9]]
INSIDE_ATTENTION = ("q", "k", "v", "scores", "pattern", "z")


def names(trust, status):
    return {check.name for check in trust.checks if check.status == status}


@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        *((family, dtype) for family in FAMILIES for dtype in (torch.float32, torch.bfloat16)),
        *((family, torch.float16) for family in ("GPT-2", "GPT-J", "Bloom", "Gemma 2")),
    ],
)
def test_of_a_healthy_model_nothing_untrue_is_said(family, dtype):
    module = small(family).to(dtype)
    trust = mi.load(module, tokenizer=letters()).trust
    assert trust.warnings == (), trust
    notes = {
        "tied embeddings": family != "Transformer" and module.config.tie_word_embeddings,
        "logit soft-cap": family == "Gemma 2",
        "dtype": dtype != torch.float32,
    }
    assert names(trust, "note") == {name for name, there in notes.items() if there}
    said = {check.name: check.seen for check in trust.checks}
    assert said["dtype"].startswith(str(dtype).removeprefix("torch."))
    assert said.get("logit soft-cap", "30·tanh(x/30)").find("30·tanh(x/30)") >= 0
    assert "None" not in repr(trust)


def test_a_network_without_norms_and_mlps_is_healthy_too():
    trust = mi.load(small_transformer(normalization=None, d_mlp=0)).trust
    assert trust.warnings == ()
    assert names(trust, "note") == {"final norm", "tokenizer"}
    assert "• final norm: none: the unembedding reads the residual stream as it is" in repr(trust)


@pytest.mark.parametrize(
    ("family", "path", "forward"),
    [("GPT-2", "transformer.h.1.attn", fused_gpt2), ("Llama", "model.layers.1.self_attn", fused_llama)],
)
def test_fused_attention_is_named_and_only_what_reads_its_pattern_is_warned(family, path, forward):
    module = small(family)
    put(module.get_submodule(path), forward)
    model = mi.load(module)
    (said,) = model.trust.warnings
    assert said == (
        "at.q, at.k, at.v, at.scores, at.pattern, at.z: in layer 1: its module was never called, so it cannot be read "
        "or changed; this attention does not go through transformers' interface (fused attention has no pattern)"
    )
    for site in AXES:
        assert bool(model.trust.warnings_for([site])) == (site in INSIDE_ATTENTION)
    run = model.run(IDS, keep=[at.pattern[0], at.resid_post])
    assert run.provenance(sites=["pattern"]).warnings == (said,)
    assert run.next_tokens().warnings == ()
    for use in (lambda: model.run(IDS, keep=[at.z[1]]), model.intervene(mi.ablate(at.pattern[1])).__enter__):
        with pytest.raises(mi.errors.SiteError, match=r"was never called, .* See model.trust"):
            use()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("plant", "says", "sites"), FAULTS, ids=[plant.__name__ for plant, *_ in FAULTS])
def test_a_silent_fault_is_named_with_its_layer_and_sites_in_short_numbers_too(plant, says, sites, dtype):
    module = small("Llama").to(dtype)
    plant(module)
    trust = mi.load(module).trust
    found = [said for said in trust.warnings if said.startswith(says)]
    assert len(found) == 1, trust
    for site in AXES:
        assert (found[0] in trust.warnings_for([site])) == (not sites or site in sites)


def test_results_carry_the_warnings_of_what_they_read():
    by_name = {plant.__name__: (plant, says) for plant, says, _ in FAULTS}
    for name, concerns_attention in (("attends_by_itself", True), ("has_no_final_norm", False)):
        module = small("Llama")
        plant, says = by_name[name]
        plant(module)
        run = mi.load(module).run(IDS, keep=[at.pattern])
        assert any(said.startswith(says) for said in mi.attention(run).warnings) == concerns_attention
        assert run.next_tokens().warnings == ()


def test_a_second_wrapper_still_compares_with_the_attention_that_the_module_came_with():
    module = small("Llama")
    attends_in_its_own_way(module)
    first, second = mi.load(module), mi.load(module)
    assert first.trust.warnings == second.trust.warnings
    assert "what is read here is not what the model computes by itself" in second.trust.warnings[0]
    assert "softer as it came" in repr(second.trust)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_layer_that_gives_a_tensor_for_a_tuple_is_refused_and_the_failure_quoted(layer):
    module = small("GPT-J")
    around(module.transformer.h[layer], lambda given: given[0])
    where = r"at.resid_post\[2\]: its layer gives a Tensor where layer 0 gives a tuple of 2"
    says = (
        where
        if layer == 2
        else "does not run, as it came, on 2 prompts of 8 tokens: ValueError: Input tensor rank"
    )
    with pytest.raises(mi.errors.UnsupportedModel, match=says):
        mi.load(module)


def test_a_layer_that_gives_a_tuple_for_a_tensor_is_refused_and_the_failure_quoted():
    module = small("Llama")
    around(module.model.layers[1], lambda given: (given,))
    with pytest.raises(mi.errors.UnsupportedModel, match="AttributeError: 'tuple' object has no attribute"):
        mi.load(module)
    assert not any("tap_" in name for name, _ in module.named_modules())


def test_a_site_that_passes_something_else_is_named_with_its_layer():
    module = small("Llama")
    around(module.model.layers[1].self_attn, list)
    model = mi.load(module)
    says = "at.attn_out: in layer 1: its module passes a list where a tensor of shape (2, 8, 32) belongs"
    assert says in model.trust.warnings
    assert model.run(IDS, keep=[at.attn_out[0]])[at.attn_out[0]].shape == (1, 6, 32)


def test_logits_of_another_kind_are_refused():
    module = small("Llama")
    original = type(module).forward
    subclass(module, lambda self, *args, **kwargs: {"logits": original(self, *args, **kwargs).logits[:, -1]})
    says = r"gives no logits for 2 prompts of 8 tokens. at.logits: its module passes shape \(2, 50\) where"
    with pytest.raises(mi.errors.UnsupportedModel, match=says):
        mi.load(module)


NOTHING_ELSE = "nothing else could be checked"


@pytest.mark.parametrize(
    ("weight", "bad", "says"),
    [
        (
            "model.layers.1.mlp.down_proj.weight",
            "nan",
            f"; NaN or infinity first at at.mlp_out[1]: {NOTHING_ELSE}",
        ),
        (
            "model.layers.1.mlp.down_proj.weight",
            "inf",
            f"; NaN or infinity first at at.mlp_out[1]: {NOTHING_ELSE}",
        ),
        ("lm_head.weight", "nan", f"; NaN or infinity first at at.logits: {NOTHING_ELSE}"),
        ("model.embed_tokens.weight", "nan", ""),  # of a token that the checks do not read
    ],
)
def test_weights_that_are_no_numbers_are_named(weight, bad, says):
    module = small("Llama")
    with torch.no_grad():
        module.get_parameter(weight)[30, 0] = float(bad)
    trust = mi.load(module).trust
    assert trust.warnings == (f"numbers: NaN or infinity in {weight}{says}",)
    assert trust.warnings_for(["pattern"]) == trust.warnings


def test_a_token_that_cannot_come_is_no_fault():
    module = small("Llama")

    def forward(self, *args, **kwargs):
        out = type(self).__base__.forward(self, *args, **kwargs)
        out.logits[..., 7] = -torch.inf
        return out

    subclass(module, forward)
    assert mi.load(module).trust.warnings == ()


@pytest.mark.parametrize(
    ("family", "part", "named"),
    [
        ("GPT-2", "", "the whole model"),
        ("GPT-2", "transformer.h.1.mlp.dropout", "transformer.h.1.mlp.dropout"),
        ("GPT-2", "transformer.h", "transformer.h"),
        (
            "Bloom",
            "transformer.h.0.self_attention.attention_dropout",
            "transformer.h.0.self_attention.attention_dropout",
        ),
        ("Llama", "", "the whole model"),
    ],
)
def test_dropout_that_is_on_is_off_in_every_run_and_on_again_afterwards(family, part, named):
    module = small(family, **({"attention_dropout": 0.1} if family == "Bloom" else {}))
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    with torch.no_grad():
        plain = module(ids).logits
    module.get_submodule(part).train()
    before = {name: each.training for name, each in module.named_modules()}
    state = torch.get_rng_state()
    model = mi.load(module)
    assert torch.allclose(model.run(ids).logits, plain, atol=1e-5)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.trust.warnings == ()
    said = f"• evaluation mode: training mode is on in {named}: it is off in every run here, and on again afterwards"
    assert said in repr(model.trust)
    after = {name: each.training for name, each in module.named_modules() if "tap_" not in name}
    assert after == before
    model.untrained(seed=1)
    with pytest.raises(mi.errors.PromptError):
        model.run(torch.tensor([[99]]))
    assert {name: each.training for name, each in module.named_modules() if "tap_" not in name} == before


def test_what_is_random_in_evaluation_mode_too_is_a_warning():
    module = small("Llama")

    def forward(self, *args, **kwargs):
        out = type(self).__base__.forward(self, *args, **kwargs)
        out.logits = torch.nn.functional.dropout(out.logits, 0.5)
        return out

    subclass(module, forward)
    warnings = mi.load(module).trust.warnings
    assert any(
        re.match(
            r"evaluation mode: two runs of one prompt differ by \S+, though nothing is in training mode", w
        )
        for w in warnings
    )


def test_a_batch_that_does_not_run_padded_is_a_warning():
    module = small("Llama")

    def forward(self, *args, attention_mask, **kwargs):
        assert attention_mask.all()
        return type(self).__base__.forward(self, *args, attention_mask=attention_mask, **kwargs)

    subclass(module, forward)
    (said,) = mi.load(module).trust.warnings
    assert said.startswith("padding: prompts padded on the right do not run (")


def left_is_misread():
    ignoring = small("Llama")
    ignores_its_mask(ignoring)
    # It counts positions by itself, from the first column.
    return [ignoring, *(small_decoder(f"{name}ForCausalLM") for name in ("MBart", "Pegasus", "Whisper"))]


@pytest.mark.parametrize("module", left_is_misread(), ids=lambda module: type(module).__name__)
def test_padding_that_would_be_misread_is_refused_on_its_side_alone(module):
    model = mi.load(module)
    assert model.trust.warnings == ()
    (said,) = [check for check in model.trust.checks if check.name == "padding"]
    assert said.status == "note"
    assert "on the right, as runs pad, a prompt has the logits it has alone; on the left" in said.seen
    prompts = [[3, 1, 4, 1, 5, 9], [2, 6, 5]]
    run = model.run(prompts)
    for row, prompt in enumerate(prompts):
        assert torch.allclose(run.logits[row, : len(prompt)], model.run(prompt).logits[0], atol=1e-4)
    for use in (lambda: model.run(prompts, padding_side="left"), lambda: model.generate_batch(prompts)):
        with pytest.raises(mi.errors.PromptError, match="Padding on the left changes what a prompt gives"):
            use()
    alike = [prompts[0][:3], prompts[1]]
    assert torch.equal(model.run(alike, padding_side="left").logits, model.run(alike).logits)
    assert (
        model.generate_batch(alike, max_new_tokens=2)[1].ids == model.generate(alike[1], max_new_tokens=2).ids
    )


@pytest.mark.parametrize(
    ("tokenizer", "status", "says"),
    [
        (
            {"bos": 2},
            "warning",
            "the tokenizer puts '<s>' first 2 times: load with bos=True for one, bos=False for",
        ),
        ({"bos": 1}, "ok", "the tokenizer puts '<s>' first, unasked; bos=False leaves it out"),
        (
            {"bos": 0},
            "note",
            "the tokenizer does not put '<s>' first; if the model learned with it, load with",
        ),
        ({"bos": 0, "bos_token": None}, "ok", "the tokenizer has no token for it"),
        (
            {"spaces": ""},
            "warning",
            r"'The  cat\n sat.' comes back as 'Thecatsat.': what the model reads is not",
        ),
        (
            {"spaces": " "},
            "note",
            r"'The  cat\n sat.' comes back as 'The cat sat.': it reads any white space as one",
        ),
        (
            {"eos": True},
            "warning",
            "the tokenizer puts '</s>' last, unasked, and what comes next is read",
        ),
    ],
)
def test_what_a_tokenizer_does_unasked_is_said(tokenizer, status, says):
    trust = mi.load(small("GPT-2"), tokenizer=letters(**tokenizer)).trust
    (check,) = (check for check in trust.checks if check.seen.startswith(says))
    assert check.status == status
    assert trust.warnings == ((f"{check.name}: {check.seen}",) if status == "warning" else ())


@pytest.mark.parametrize("bos", [True, False])
def test_what_was_asked_of_a_tokenizer_is_no_warning(bos):
    trust = mi.load(small("GPT-2"), tokenizer=letters(bos=2), bos=bos).trust
    assert trust.warnings == ()
    said = "'<s>' stands first, as bos=True says" if bos else "'<s>' is left out, as bos=False says"
    assert f"✓ beginning of text: {said}" in repr(trust)


def test_shipped_models_are_trusted_and_their_tokenizers_folding_is_noted():
    model = mi.load("induction-2l")
    assert model.trust.warnings == ()
    assert names(model.trust, "note") == {"tokenizer round trip"}


def test_the_report_is_the_same_each_time_and_reads_line_by_line():
    first, second = mi.load(small("GPT-2")).trust, mi.load(small("GPT-2")).trust
    assert first.checks == second.checks
    lines = repr(first).split("\n")
    assert lines[0] == "19 checks, 0 warnings"
    assert len(lines) == 20
    assert {line[:2] for line in lines[1:]} == {"✓ ", "• "}
    assert repr(mi.load(small("GPT-2").train()).trust).startswith("19 checks, 0 warnings\n")


def test_what_a_hook_changes_behind_a_run_is_refused():
    """A trace reads before hooks that were there: what is added is something else."""
    module = small("Llama")
    module.model.layers[1].mlp.register_forward_hook(lambda _, args, out: out * 2)
    model = mi.load(module)
    [warning] = model.trust.warnings
    assert (
        "runs read what is passed on: not at.mlp_out[1]: a hook that was there before changes it" in warning
    )
    for act in (
        lambda: model.run([1, 2, 3], keep=[at.mlp_out[1]]),
        lambda: model.intervene(mi.ablate(at.mlp_out[1])).__enter__(),
    ):
        with pytest.raises(
            mi.errors.SiteError, match=r"at.mlp_out\[1\] of Llama.*a hook that was there before"
        ):
            act()
    run = model.run([1, 2, 3], keep=[at.mlp_out[0], at.resid_mid[0], at.resid_post[0]])
    assert torch.allclose(run[at.resid_mid[0]] + run[at.mlp_out[0]], run[at.resid_post[0]], atol=1e-5)


def test_a_run_is_not_read_by_weights_that_came_later():
    model = mi.load(small("Llama"))
    run = model.run([1, 2, 3], keep=[at.resid_pre, at.resid_post, at.attn_out, at.mlp_out, at.z])
    before = mi.logit_lens(run).values
    with torch.no_grad():
        model.module.lm_head.weight.mul_(2)
    for read in (mi.logit_lens, lambda run: mi.direct_logit_attribution(run, (3, 4))):
        with pytest.raises(
            mi.errors.MIError, match=r"weights of LlamaForCausalLM.* have changed since this run"
        ):
            read(run)
    with torch.no_grad():
        model.module.lm_head.weight.div_(2)
    again = model.run([1, 2, 3], keep=[at.resid_post])
    assert np.array_equal(mi.logit_lens(again).values, before)


def test_a_buffer_that_counts_runs_is_no_weight():
    module = small("Llama")
    module.register_buffer("runs", torch.zeros(1))
    module.register_forward_pre_hook(lambda module, _: module.runs.add_(1) and None)
    model = mi.load(module)
    run, before = model.run([1, 2, 3], keep=[at.resid_post]), model.fingerprint
    model.run([3, 2])
    assert mi.logit_lens(run).values.shape == (1, 3, 3)
    assert model.fingerprint == before


def test_hooks_of_what_gives_other_logits_each_time_are_not_said_to_be_harmless():
    module = small("Llama")
    module.lm_head.register_forward_hook(lambda _, args, out: out + torch.randn_like(out))
    module.model.layers[1].mlp.register_forward_hook(lambda _, args, out: out * 2)
    [check] = [one for one in mi.load(module).trust.checks if one.name == "runs read what is passed on"]
    assert not check.tried


def test_what_the_parts_do_not_explain_is_a_warning():
    """A hook on the end of a network of ours, which is read by its matrix."""
    module = small_transformer()
    module.unembed.register_forward_hook(lambda _, args, out: out * 2)
    model = mi.load(module)
    run = model.run([1, 2, 3], keep=[at.resid_pre, at.resid_post, at.attn_out, at.mlp_out, at.z])
    result = mi.direct_logit_attribution(run, (3, 4))
    assert any(
        "the parts do not add up to the logit difference" in text for text in result.provenance.warnings
    )
    assert "rest" in result.dataset["term"].values


def test_short_and_long_numbers_are_norms_too():
    for dtype in (torch.float64, torch.float16):
        model = mi.load(small("GPT-2").to(dtype))
        wide = mi.load(small("GPT-2"))
        near = 1e-6 if dtype is torch.float64 else 4e-3
        assert torch.allclose(model.weights.W_O, wide.weights.W_O, atol=near)


@pytest.mark.parametrize("change", ["parametrized", "of another name"])
def test_a_norm_behind_is_known_by_what_it_does(change):
    module = small("Gemma 2")
    block = module.model.layers[1]
    torch.nn.init.normal_(block.post_attention_layernorm.weight)
    expected = mi.load(module).weights.W_O
    module = small("Gemma 2")
    norm, given = module.model.layers[1].post_attention_layernorm, block.post_attention_layernorm.weight.data
    norm.weight.data = given / 2 if change == "parametrized" else given
    if change == "parametrized":
        parametrize.register_parametrization(norm, "weight", _Double(), unsafe=True)
    else:
        kind = type("Balance", (type(norm),), {})
        norm.__class__ = kind
    torch.testing.assert_close(mi.load(module).weights.W_O, expected)


class _Double(torch.nn.Module):
    def forward(self, x):
        return x * 2


def test_the_report_is_a_result():
    module = small("GPT-2")
    put(module.transformer.h[1].attn, fused_gpt2)
    model = mi.load(module)
    result = model.trust.to_result()
    assert (result.kind, result.dims, result.primary) == ("trust", ("check",), "held")
    assert result.warnings == model.trust.warnings
    table = result.dataset
    assert table["check"].values.tolist() == [check.name for check in model.trust.checks]
    assert table["status"].values.tolist() == [check.status for check in model.trust.checks]
    assert table["seen"].values.tolist() == [check.seen for check in model.trust.checks]
    (failed,) = table["check"].values[table["held"].values == 0]
    assert result.sel(check=failed).dataset["sites"].item() == "q, k, v, scores, pattern, z"
    assert result.code().endswith("result = model.trust.to_result()")
    assert "Trust" in repr(result)


class _Failing:
    """A tokenizer of somebody else, that fails where it is asked."""

    bos_token_id = eos_token_id = unk_token_id = pad_token_id = None
    bos_token = pad_token = None
    all_special_ids = ()
    is_fast = False

    def __call__(self, *_, **__):
        raise RuntimeError("out of order")

    def decode(self, ids, **_):
        return " ".join(map(str, ids))

    def convert_ids_to_tokens(self, ids):
        return [None for _ in ids]


def test_no_text_of_a_check_ends_a_load():
    """Words alone, and none for what is unknown: such a tokenizer raises at every other text."""
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(50)}))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model = mi.load(small("GPT-2"), tokenizer=PreTrainedTokenizerFast(tokenizer_object=words))
    checks = {check.name: check for check in model.trust.checks}
    assert checks["tokenizer round trip"].status != "warning"
    assert "come" in checks["tokenizer round trip"].seen
    assert model.run("w3 w4").ids.tolist() == [[3, 4]]
    with pytest.raises(
        PromptError, match=r"^The tokenizer of GPT2LMHeadModel cannot read 'w3 cat': WordLevel error"
    ):
        model.run("w3 cat")
    broken = mi.load(small("GPT-2"), tokenizer=_Failing())
    found = {check.name: check for check in broken.trust.checks}["tokenizer round trip"]
    assert (found.mark, found.tried, found.seen) == (
        "–",
        False,
        "not tried: no text is known to this tokenizer",
    )
    assert broken.run([3, 4]).ids.tolist() == [[3, 4]]


def test_what_was_not_tried_has_no_tick():
    model = mi.load(small("GPT-2", n_positions=1))
    checks = {check.name: check for check in model.trust.checks}
    for name, why in (
        ("padding", "GPT2LMHeadModel takes one token"),
        ("editing attention changes the logits", "there is no pattern to edit"),
    ):
        assert (checks[name].mark, checks[name].seen) == ("–", f"not tried: {why}")
    assert f"– padding: {checks['padding'].seen}" in repr(model.trust).splitlines()
    table = model.trust.to_result().dataset
    held = dict(zip(table["check"].values.tolist(), table["held"].values.tolist(), strict=True))
    assert np.isnan(held["padding"])
    assert held["numbers"] == 1
