"""Padding is no text: on either side, with or without a mask, and what stands there is nothing."""

import re

import numpy as np
import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import InterventionError, PromptError
from mi_widgets.core.sites import Site
from tests.conftest import examples, small_gpt2
from tests.model.families import N_CTX, small
from tests.model.letters import BOS, letters

FAMILIES = ["GPT-2", "Llama", "Bloom", "Gemma 2", "Transformer"]
ragged = st.lists(st.lists(st.integers(3, 49), min_size=1, max_size=7), min_size=2, max_size=3).filter(
    lambda rows: len({*map(len, rows)}) > 1
)
ROWS = [[7, 8, 9], [3, 4, 3, 4, 5], [6]]


@pytest.fixture(scope="module")
def models():
    return {family: mi.load(small(family)) for family in FAMILIES}


@pytest.fixture(scope="module")
def spelling():
    return mi.load(small("GPT-2"), tokenizer=letters())


@pytest.fixture(scope="module")
def ending():
    """Its tokenizer pads, begins and ends with one token, as GPT-2's is often used."""
    return mi.load(small("GPT-2"), tokenizer=letters(bos=0, eos_token=BOS, pad_token=BOS))


def padded(rows, side, pad=0):
    """Ids and their mask, as a tokenizer gives them."""
    width = max(map(len, rows))
    both = [([pad] * (width - len(row)), row) for row in rows]
    ids = [[*p, *row] if side == "left" else [*row, *p] for p, row in both]
    mask = [
        [0] * len(p) + [1] * len(row) if side == "left" else [1] * len(row) + [0] * len(p) for p, row in both
    ]
    return torch.tensor(ids), torch.tensor(mask)


def given_as(rows, side, how):
    """The same prompts as the arguments of `model.run`."""
    ids, mask = padded(rows, side)
    return {
        "lists": ((rows,), {"padding_side": side}),
        "mask": ((ids,), {"attention_mask": mask.bool()}),
        "encoding": ((hf.BatchEncoding({"input_ids": ids, "attention_mask": mask}),), {}),
        "numpy": (({"input_ids": ids.numpy(), "attention_mask": mask.numpy().astype(float)},), {}),
    }[how]


@settings(max_examples=examples(12))
@given(
    rows=ragged,
    side=st.sampled_from(["left", "right"]),
    how=st.sampled_from(["lists", "mask", "encoding", "numpy"]),
    family=st.sampled_from(FAMILIES),
)
def test_at_every_site_a_padded_prompt_is_what_it_is_alone_and_padding_is_nothing(
    models, rows, side, how, family
):
    model = models[family]
    sites = [Site(name) for name in model.architecture.places]
    arguments, options = given_as(rows, side, how)
    batch = model.run(*arguments, keep=sites, **options)
    assert torch.equal(batch.mask, padded(rows, side)[1].bool())
    for i, row in enumerate(rows):
        alone, real = model.run(row, keep=sites), batch.mask[i]
        assert torch.allclose(batch.last_logits[i], alone.last_logits[0], atol=1e-4)
        for site in sites:
            batch_axis = -4 if "query" in site.axes else -len(site.axes)
            together, one = batch[site].movedim(batch_axis, 0)[i], alone[site].movedim(batch_axis, 0)[0]
            axis = site.axes.index("query" if "query" in site.axes else "pos") - len(site.axes)
            at_tokens, elsewhere = (together.movedim(axis, 0)[where] for where in (real, ~real))
            assert elsewhere.isnan().all()
            if "query" in site.axes:
                if site.name == "pattern":
                    assert (at_tokens[..., ~real] == 0).all()
                at_tokens = at_tokens[..., real]
                masked = one.movedim(axis, 0) < -1e4
                at_tokens = at_tokens.masked_fill(masked, 0)
                one = one.movedim(axis, 0).masked_fill(masked, 0).movedim(0, axis)
            assert torch.allclose(at_tokens, one.movedim(axis, 0), atol=2e-4, rtol=1e-4), site


def test_a_batch_that_the_tokenizer_padded_is_taken_whole(ending):
    texts = ["the cat sat", "a cat"]
    for side in ("left", "right"):
        ending.tokenizer.padding_side = side
        given = ending.tokenizer(texts, padding=True, return_tensors="pt")
        run = ending.run(given)
        assert run.tokenized.lengths == (11, 5)
        assert torch.equal(run.ids, given["input_ids"])
        for i, text in enumerate(texts):
            assert torch.allclose(run.last_logits[i], ending.run(text).last_logits[0], atol=1e-4)
        again = ending.run(ending.tokenizer(texts, padding=True))  # lists of lists
        assert torch.equal(again.logits.nan_to_num(), run.logits.nan_to_num())
        assert ending.run(ending.tokenizer(texts)).tokenized.lengths == (11, 5)  # not padded
        with pytest.raises(PromptError, match="without a mask padding would be read as text"):
            ending.run(given["input_ids"])
        answers = ending.generate_batch(given, max_new_tokens=3)
        assert [a.ids for a in answers] == [ending.generate(text, max_new_tokens=3).ids for text in texts]
    ending.tokenizer.padding_side = "right"


def test_the_last_column_of_a_ragged_batch_is_not_the_pads_in_silence(models):
    run = models["GPT-2"].run(ROWS)
    assert run.logits[:, -1].isnan().all(-1).tolist() == [True, False, True]
    assert run.last_logits.isfinite().all()
    assert run.next_tokens().values.sum(-1).max() <= 1
    widest = models["GPT-2"].run(ROWS, attention_mask=None, padding_side="left")
    assert widest.logits[:, -1].isfinite().all()


def test_a_mask_keeps_the_width_that_it_came_with_and_a_side_lays_out_anew(models):
    ids, mask = padded([[3, 4, 5], [6, 7]], "left")
    ids, mask = torch.cat([torch.zeros(2, 4).long(), ids], 1), torch.cat([torch.zeros(2, 4).long(), mask], 1)
    run = models["Llama"].run(ids, attention_mask=mask)
    assert torch.equal(run.ids, ids)
    assert models["Llama"].run(ids, attention_mask=mask, padding_side="right").ids.tolist() == [
        [3, 4, 5],
        [6, 7, 0],
    ]
    one = {"input_ids": ids[:1], "attention_mask": mask[:1]}
    assert models["Llama"].generate(one, max_new_tokens=2).prompt_ids == (3, 4, 5)


BAD_MASKS = [
    (
        [[1, 0, 1]],
        "attention_mask has a hole in row 0, at position 1: tokens stand side by side, with padding before",
    ),
    ([[0, 1, 0]], "attention_mask has padding on both sides of row 0: pad on one side."),
    ([[0, 0, 0]], "attention_mask leaves nothing of row 0: a prompt has a token at least."),
    (
        [[1, 1, 2]],
        "attention_mask is 1 at tokens and 0 at padding, of the shape of the ids, (batch, pos); its row",
    ),
    (
        [[1, 1]],
        "attention_mask has one number for each token id: the rows of ids have [3] of them, those of the",
    ),
    ([1, 1, 1], "attention_mask is 1 at tokens and 0 at padding"),
    (torch.ones(1, 1, 3, 3), "attention_mask is 1 at tokens and 0 at padding"),
]


@pytest.mark.parametrize(("mask", "says"), BAD_MASKS)
def test_a_mask_that_is_none_is_refused(models, mask, says):
    with pytest.raises(PromptError, match=f"^{re.escape(says)}"):
        models["GPT-2"].run([[3, 4, 5]], attention_mask=mask)


@pytest.mark.parametrize(
    ("prompt", "options", "says"),
    [
        (["a cat"], {"attention_mask": [[1]]}, "attention_mask= goes with token ids; a text has no padding."),
        ({"input_ids": [[3]], "attention_mask": [[1]]}, {"attention_mask": [[1]]}, "There are two masks"),
        ({"ids": [[3]]}, {}, "A prompt as a dict is what a tokenizer returns"),
        ({"input_ids": [[3]], "position_ids": [[0]]}, {}, "and nothing else is read; got 'position_ids' too"),
        (
            [[3, 4], [5, 6]],
            {"attention_mask": [[0, 1], [1, 0]]},
            "attention_mask has padding on the left in some rows and on the right in others",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(spelling, prompt, options, says):
    with pytest.raises(PromptError, match=re.escape(says)):
        spelling.run(prompt, **options)


UNMARKED = [
    ([[3, 4, 2]], "Row 0 of the token ids ends with '<pad>' (2), by which the tokenizer pads"),
    (torch.tensor([[3, 4, 5, 6], [7, 8, 2, 2]]), "Row 1 of the token ids ends with 2 times '<pad>' (2)"),
    (np.array([[2, 2, 5, 6], [7, 8, 9, 3]]), "Row 0 of the token ids begins with 2 times '<pad>' (2)"),
    (
        [[2, 5, 6], [7, 8, 9]],
        "Row 0 of the token ids begins with '<pad>' (2), by which the tokenizer pads, and other",
    ),
    ({"input_ids": [[3, 4, 2]]}, "Row 0 of the token ids ends with '<pad>' (2)"),
]


@pytest.mark.parametrize(("ids", "says"), UNMARKED)
def test_padding_without_a_mask_is_refused_wherever_prompts_are_taken(spelling, ids, says):
    takes = [
        spelling.run,
        spelling.generate_batch,
        lambda x: mi.mean_activations(spelling, x, at.z),
        lambda x: spelling.sweep(x, mi.ablate, at.z, metric=lambda logits: logits[:, 5]),
        lambda x: mi.directions.principal_component(spelling, x, at.resid_post[0]),
    ]
    for take in takes:
        with pytest.raises(PromptError, match=re.escape(says)) as raised:
            take(ids)
        assert "attention_mask=torch.ones_like(ids)" in str(raised.value)


def test_tokens_that_are_meant_are_said_to_be_with_a_mask_of_ones(spelling, ending):
    ids = torch.tensor([[3, 4, 2, 2]])
    run = spelling.run(ids, attention_mask=torch.ones_like(ids))
    assert run.tokenized.lengths == (4,)
    assert torch.equal(run.logits, mi.load(spelling.module).run(ids).logits)
    # One token that begins all texts, or ends them, is no padding; nor is one alone.
    for rows in ([[0, 4, 5], [0, 6, 7]], [[4, 5, 0], [6, 7, 0]], [[0]], [[0, 4], [5, 6, 7]]):
        assert ending.run(rows).tokenized.lengths == tuple(map(len, rows))
    for rows in ([[0, 4, 5], [6, 7, 8]], [[4, 5, 0], [6, 0, 0]], [[0, 0, 5]]):
        with pytest.raises(PromptError, match="without a mask padding would be read as text"):
            ending.run(rows)


# -- nothing is poisoned by what is nothing


def test_a_gradient_goes_over_real_tokens_alone(models):
    model = models["Llama"]
    run = model.run(ROWS, keep=[at.resid_post, at.v, at.pattern], grad=True)
    of = run.last_logits[:, 7].sum()
    for site in (at.resid_post[1], at.v[0], at.pattern[1]):
        found = run.gradient(of, site)
        assert found.isfinite().all()
        for i, row in enumerate(ROWS):
            alone = model.run(row, keep=[site], grad=True)
            wanted = alone.gradient(alone.last_logits[0, 7], site)[0]
            n = len(row)
            mine = found[i, :, :n, :n] if site.name == "pattern" else found[i, :n]
            assert torch.allclose(mine, wanted, atol=1e-4)
            if site.name != "pattern":
                assert (found[i, n:] == 0).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_is_measured_of_a_ragged_batch_is_what_is_measured_of_each(models, side):
    model = models["GPT-2"]
    keep = [at.resid_pre, at.resid_post, at.attn_out, at.mlp_out, at.mlp_post, at.z, at.v, at.pattern]
    batch = model.run(ROWS, keep=keep, padding_side=side)
    for i, row in enumerate(ROWS):
        alone, real = model.run(row, keep=keep), batch.mask[i].numpy()
        loss, wanted = mi.loss_per_token(batch).values[i], mi.loss_per_token(alone).values[0]
        assert np.allclose(loss[real], wanted, atol=1e-5, equal_nan=True)
        assert np.isnan(loss[~real]).all()
        lens, one = (mi.logit_lens(r, tokens=[5], progress=False).to_dataset() for r in (batch, alone))
        for name in ("probability", "entropy", "kl", "asked_rank"):
            assert np.allclose(lens[name].values[i][:, real], one[name].values[0], atol=1e-4), name
            assert np.isnan(lens[name].values[i][:, ~real]).all()
        pattern = mi.attention(batch).values[i]
        assert np.allclose(pattern[..., real, :][..., real], mi.attention(alone).values[0], atol=1e-5)
        for by in ("sublayer", "head", "pos", "neuron"):
            together = mi.direct_logit_attribution(batch, (5, 6), by=by).to_dataset()
            one = mi.direct_logit_attribution(alone, (5, 6), by=by).to_dataset()
            assert np.isfinite(together["contribution"].values).all()
            total = together["contribution"].values[i].sum()
            assert total == pytest.approx(float(one["logit_diff"][0]), abs=1e-3)
            assert together["contribution"].values[i].sum() == pytest.approx(
                one["contribution"].values.sum(), abs=1e-3
            )


def test_means_and_edits_made_of_a_ragged_run_are_of_its_real_tokens(models):
    model = models["GPT-2"]
    run = model.run(ROWS, keep=[at.z, at.resid_post, at.pattern])
    rows = [model.run(row, keep=[at.z])[at.z[1]][0] for row in ROWS]
    mean = mi.ablate(at.z[1], to="mean", data=run)
    assert torch.allclose(mean.data.tensor, torch.cat(rows).mean(0), atol=1e-5)
    means = mi.mean_activations(model, ROWS, at.z[1], progress=False).values
    assert np.allclose(means, torch.cat(rows).mean(0), atol=1e-5)
    for change in (
        mi.patch(at.resid_post[0], run),
        mi.patch(at.pattern[1], run),
        mi.interventions.freeze_pattern(run),
        mi.ablate(at.z[1], to="resample", data=run),
        mean,
    ):
        with model.intervene(change):
            again = model.run(ROWS)
        assert again.logits[again.mask].isfinite().all()
    with model.intervene(mi.patch(at.resid_post[0], run), mi.interventions.freeze_pattern(run)):
        for side in ("left", "right"):
            again = model.run(ROWS, padding_side=side)
            assert torch.allclose(again.logits[again.mask], run.logits[run.mask], atol=1e-4)


@pytest.mark.parametrize("family", ["GPT-2", "Llama"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("site", [at.resid_post[0], at.z[1], at.z[1, 0], at.pattern[0], at.scores[1, 1]])
def test_what_a_ragged_run_has_is_put_in_its_place_or_refused(models, family, side, site):
    model, whole = models[family], site.everywhere
    there = model.run(ROWS, keep=[whole], padding_side=side)
    alone = [model.run(row).last_logits for row in ROWS]
    replaced, patched = (make(site, there[site]) for make in (mi.interventions.replace, mi.patch))
    with model.intervene(replaced):
        again = model.run(ROWS, padding_side=side)
        assert torch.allclose(again.last_logits, torch.cat(alone), atol=1e-4)
    with model.intervene(replaced), pytest.raises(InterventionError, match="NaN at a token of prompt 0"):
        model.run(ROWS, padding_side="left" if side == "right" else "right")
    for onto in ("left", "right"):
        with model.intervene(patched, mi.patch(site, there[site], only=there.ids.where(there.mask, -1))):
            again = model.run(ROWS, padding_side=onto)
        assert torch.allclose(again.last_logits, torch.cat(alone), atol=1e-4)
    assert eval(patched.code(), {"mi": mi, "at": at}) == patched == mi.patch(site, there)


def test_numbers_that_do_not_say_where_they_begin_are_not_put_beside_padding_on_the_left(models):
    model, site = models["GPT-2"], at.resid_post[0]
    there = model.run(ROWS, keep=[at.resid_post, at.pattern], padding_side="left")
    says = (
        r"has a number at every column, .* Give the run itself, as in mi\.patch\(at\.resid_post\[0\], run\)"
    )
    with model.intervene(mi.patch(site, there[site].nan_to_num())):
        with pytest.raises(InterventionError, match=says):
            model.run(ROWS, padding_side="left")
        assert model.run(ROWS).logits.shape[:2] == (3, 5)
    last = at.pattern[1].pos(-1)
    with model.intervene(mi.patch(last, there[last])), pytest.raises(InterventionError, match="every column"):
        model.run(ROWS, padding_side="left")
    with model.intervene(mi.patch(last, there)):
        again = model.run(ROWS, padding_side="left")
    assert torch.allclose(again.last_logits, there.last_logits, atol=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_prompt_whose_logits_are_nan_is_told(models, side):
    model = models["GPT-2"]

    def spoil(x):
        x[1] = torch.nan
        return x

    assert mi.loss_per_token(model.run(ROWS, padding_side=side)).warnings == model.trust.warnings_for(
        {"logits"}
    )
    with model.intervene(mi.interventions.apply(at.resid_post[0], spoil)):
        run = model.run(ROWS, padding_side=side)
        for result in (mi.loss_per_token(run), run.next_tokens(), mi.loss_per_token(run).mean()):
            assert result.warnings[-1] == "logits of prompt 1 are NaN"


def test_a_patch_has_nothing_for_tokens_that_its_run_lacked(models):
    model = models["GPT-2"]
    run = model.run([[3, 4, 5], [6]], keep=[at.resid_post])
    says = "has nothing for prompt 1: what it was taken from has no such position there"
    with model.intervene(mi.patch(at.resid_post[0], run)), pytest.raises(InterventionError, match=says):
        model.run([[3, 4, 5], [6, 7]])
    # What the run has beyond a shorter prompt is not needed.
    whole = model.run([[3, 4, 5], [6, 7, 8]], keep=[at.resid_post])
    with model.intervene(mi.patch(at.resid_post[0], whole)):
        shorter = model.run([[3, 4, 5], [6]], keep=[at.resid_post])
    assert torch.equal(shorter[at.resid_post[0]][1, 0], whole[at.resid_post[0]][1, 0])
    assert torch.isfinite(shorter.last_logits).all()


@pytest.fixture(scope="module")
def stretching():
    """One whose positions are stretched past 8 tokens."""
    torch.manual_seed(0)
    rope = {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [4.0] * 4, "rope_theta": 1e4}
    config = hf.Phi3Config(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=N_CTX,
        original_max_position_embeddings=8,
        rope_parameters=rope,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=49,
    )
    module = hf.Phi3ForCausalLM(config).eval()
    with torch.no_grad():
        module.lm_head.weight.mul_(20)
        module.model.embed_tokens.weight.mul_(50)  # else it says one token again and again
    return mi.load(module)


def test_positions_that_depend_on_the_longest_prompt_are_refused(stretching):
    """A long prompt stretches the positions of the short ones beside it."""
    model = stretching
    checks = {check.name: check for check in model.trust.checks}
    said = "past 8 tokens it stretches the positions of all prompts of a batch, not of the long one alone"
    assert checks["positions of long prompts"].seen.startswith(said)
    with pytest.raises(
        PromptError,
        match=r"stretches the positions of all prompts .* more than 8 tokens; here are prompts of 3 and of 12",
    ):
        model.run([[*range(3, 15)], [3, 4, 5]])
    both = model.run([[*range(3, 15)], [*range(3, 14)]])  # both long
    assert torch.allclose(both.last_logits[1], model.run([*range(3, 14)]).last_logits[0], atol=1e-4)


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_gets_no_attention_whatever_is_put_there(models, side):
    model = models["GPT-2"]
    for edit in (
        mi.interventions.replace(at.pattern[0], 0.1),
        mi.interventions.replace(at.pattern[0].pos(-1), 0.1),
        mi.interventions.apply(at.pattern[1], lambda x: x + 0.1),
    ):
        with model.intervene(edit):
            both = model.run([[3, 4, 5, 6], [7, 8]], padding_side=side).last_logits
            alone = model.run([7, 8]).last_logits
        assert torch.allclose(both[1], alone[0], atol=1e-5), edit


def test_a_row_of_attention_without_its_padding_is_not_put_beside_padding(models):
    model = models["GPT-2"]
    site = at.pattern[0].pos(-1)
    row = model.run([[3, 4, 5, 6], [7, 8]], keep=[at.pattern], padding_side="left")[site]
    with (
        pytest.raises(InterventionError, match="does not say which are tokens, and these prompts are padded"),
        model.intervene(mi.patch(site, row)),
    ):
        model.run([[3, 4, 5, 6], [7, 8]])


def test_a_continuation_is_not_stretched_on_the_way(stretching):
    model, mine = stretching, [3, 4, 5]
    assert model.generate([*range(3, 15)], max_new_tokens=4).ids == _reruns(model, [*range(3, 15)], 4)
    assert model.generate(mine, max_new_tokens=5).ids == _reruns(model, mine, 5)
    with pytest.raises(PromptError, match=r"more than 8, .* up to 3, max_new_tokens can be at most 5"):
        model.generate(mine, max_new_tokens=6)
    with pytest.raises(PromptError, match=r"of 3 and of 12: continue those of up to 8 by themselves"):
        model.generate_batch([[*range(3, 15)], mine], max_new_tokens=1)


def _reruns(model, ids, n):
    given = list(ids)
    for _ in range(n):
        given.append(int(model.run(given).last_logits[0].argmax()))
    assert len(set(given[len(ids) :])) > 1
    return tuple(given[len(ids) :])


def test_a_run_is_no_change_of_weights(stretching):
    """What a long prompt sets in the module is set again by a short one."""
    before, code = stretching.fingerprint, stretching.code()
    stretching.run([*range(3, 15)])
    assert (stretching.fingerprint, stretching.code()) == (before, code)


class _CountsColumns(torch.nn.Module):
    """Positions that are the batch's columns, whatever the mask says."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, positions):
        return self.inner(torch.arange(positions.shape[-1]).expand_as(positions))


def test_trust_compares_a_short_prompt_beside_a_long_one():
    module = small_gpt2()
    checks = {check.name: check for check in mi.load(small_gpt2()).trust.checks}
    assert checks["padding"].status == "ok"
    assert "5 tokens beside 40" in checks["padding"].seen
    assert checks["long prompts"].seen.startswith("40 tokens have logits that differ by")
    module.transformer.wpe = _CountsColumns(module.transformer.wpe)
    model = mi.load(module)
    broken = {check.name: check for check in model.trust.checks}["padding"]
    assert broken.status == "note"  # on the right, as runs pad, nothing is wrong, and the left is refused
    assert broken.seen.startswith(
        "on the right, as runs pad, a prompt has the logits it has alone; on the left they"
    )
    assert "(5 tokens beside 40): padding_side=" in broken.seen
    # What is wrong on one side is refused there, and right on the other.
    says = r"^Padding on the left changes what a prompt gives in GPT2LMHeadModel \(see model.trust\), and here are "
    says += r"prompts of 1 to 5 tokens: run prompts of one length, or pad on the other side, with padding_side=\.$"
    for act in (lambda: model.run(ROWS, padding_side="left"), lambda: model.generate_batch(ROWS)):
        with pytest.raises(PromptError, match=says):
            act()
    batch = model.run(ROWS)
    for i, row in enumerate(ROWS):
        assert torch.allclose(batch.last_logits[i], model.run(row).last_logits[0], atol=1e-4)
    assert (
        model.generate_batch([[3, 4], [5, 6]], max_new_tokens=1)[1].ids
        == model.generate([5, 6], max_new_tokens=1).ids
    )
