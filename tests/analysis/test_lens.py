"""What is read of the residual stream and what is written into it: the last layer is the model, the parts add up."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.route_by_hand import LOUDNESS, PAIR, SECOND, route
from tests.conftest import examples, small_gpt2, small_transformer
from tests.model.families import FAMILIES, small
from tests.model.letters import letters

PROMPT = "abcab"


def of_family(family):
    return mi.load(small(family), tokenizer=letters())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_lens_at_the_last_layer_is_the_model(family):
    model = of_family(family)
    run = model.run([PROMPT, "ab"], keep=[at.resid_post])
    lens = mi.logit_lens(run, tokens=["d"], top_k=50 if family != "Transformer" else 36)
    d = lens.dataset.isel(layer=-1)
    p = run.logits.float().softmax(-1)
    for row, length in enumerate(map(int, run.mask.sum(-1))):
        for pos in range(length):
            cell = d.isel(batch=row, pos=pos)
            assert np.allclose(
                cell["top_probability"], p[row, pos].sort(descending=True)[0][: cell.sizes["rank"]], atol=1e-5
            )
            assert cell["token"].item() == model.vocabulary[int(p[row, pos].argmax())]
            entropy = torch.distributions.Categorical(probs=p[row, pos]).entropy()
            assert cell["entropy"].item() == pytest.approx(entropy.item(), abs=1e-4)
            assert cell["kl"].item() == pytest.approx(0, abs=1e-5)
            asked = model.tokenizer("d", add_special_tokens=False).input_ids[0]
            assert cell["asked_probability"].item() == pytest.approx(p[row, pos, asked].item(), abs=1e-5)
            assert cell["asked_rank"].item() == (p[row, pos] > p[row, pos, asked]).sum().item()
    absent = d.isel(batch=1, pos=slice(3, None))
    assert np.isnan(absent["probability"]).all()
    assert (absent["token"] == "").all()


@pytest.mark.parametrize("site", [at.resid_pre, at.resid_mid, at.attn_out, at.mlp_out])
def test_other_sites_are_read_through_the_same_norm_and_unembedding(site, monkeypatch):
    model = mi.load(small_gpt2(), tokenizer=letters())
    run = model.run([PROMPT, "cde"], keep=[site])
    whole = mi.logit_lens(run, site, top_k=3)
    head = model.module
    expected = head.lm_head(head.transformer.ln_f(run[site])).softmax(-1).max(-1)
    values = expected.values.detach().movedim(0, 1).numpy()
    values[1, :, 4:] = np.nan
    assert np.allclose(whole.values, values, atol=1e-5, equal_nan=True)
    # In parts that are small it is the same.
    monkeypatch.setattr("mi_widgets.analysis.logit_lens._FLOATS", 150)
    assert np.allclose(mi.logit_lens(run, site, top_k=3).values, whole.values, atol=1e-6, equal_nan=True)
    again = eval(whole.code().splitlines()[-1].removeprefix("result = "), {"mi": mi, "at": at, "run": run})
    assert np.array_equal(again["entropy"].values, mi.logit_lens(run, site)["entropy"].values, equal_nan=True)


def test_the_route_set_by_hand_is_read_where_the_answer_arrives():
    model = route()
    run = model.run([PAIR.clean, PAIR.corrupted], keep=[at.resid_post])
    lens = mi.logit_lens(run, tokens=["a", "b"])
    probability = lens.dataset["asked_probability"].values  # (batch, layer, pos, asked)
    assert probability[0, 2, 3].round(4).tolist() == [1, 0]
    assert probability[1, 2, 3].round(4).tolist() == [0, 1]
    # Before, all letters are equally likely: the letter waits at the second place, but no lens reads it there.
    assert np.allclose(probability[:, :2], 1 / len(model.vocabulary), atol=1e-6)


def test_many_tokens_have_the_ranks_that_each_has_alone():
    model = mi.load(small_gpt2(), tokenizer=letters())
    run = model.run([PROMPT, "cd"], keep=[at.resid_post])
    many = list("abcdefghijklmnop")
    together = mi.logit_lens(run, tokens=many).dataset["asked_rank"]
    for i, letter in enumerate(many):
        alone = mi.logit_lens(run, tokens=letter).dataset["asked_rank"][..., 0]
        assert np.array_equal(together[..., i], alone, equal_nan=True)


def test_what_the_lens_cannot_read_is_named():
    model = mi.load(small_gpt2(), tokenizer=letters())
    run = model.run(PROMPT, keep=[at.resid_post])
    with pytest.raises(mi.errors.SiteError, match=r"reads all layers of at\.resid_pre, .* got at\.z"):
        mi.logit_lens(run, at.z)
    with pytest.raises(mi.errors.NotKept, match=r"did not keep at\.resid_pre\[0\]"):
        mi.logit_lens(run, at.resid_pre)
    with pytest.raises(mi.errors.PromptError, match="tokens: 'ab' is not one token"):
        mi.logit_lens(run, tokens=["ab"])
    with pytest.raises(mi.errors.MIError, match="top_k must be a whole number from 1 to 50; got 0"):
        mi.logit_lens(run, top_k=0)


SITES = {
    "sublayer": [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post],
    "head": [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post, at.z],
    "pos": [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post, at.z, at.pattern, at.v],
    "neuron": [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post, at.mlp_post],
}


@pytest.mark.parametrize("by", SITES)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_parts_add_up_to_the_logit_difference(family, by):
    model = of_family(family)
    run = model.run([PROMPT, "abd"], keep=SITES[by])
    found = mi.direct_logit_attribution(run, ("d", "e"), by=by)
    d, e = (model.tokenizer(letter, add_special_tokens=False).input_ids[0] for letter in "de")
    last = model.unembedding.logits(run[at.resid_post][-1], capped=False)[torch.arange(2), run.tokenized.last]
    difference = (last[:, d] - last[:, e]).detach().numpy()
    assert np.allclose(found.values.sum(-1), difference, atol=1e-4 * max(1, np.abs(difference).max()))
    if family != "Gemma 2":  # which caps its logits: the sum is that before the cap
        logits = run.logits[torch.arange(2), run.tokenized.last]
        assert np.allclose(found.dataset["logit_diff"], (logits[:, d] - logits[:, e]).detach(), atol=1e-4)
    terms = found.dataset["term"].values.tolist()
    assert len(set(terms)) == len(terms)
    assert "rounding" not in terms
    for layer in range(model.config.n_layers):
        # What no head and no neuron writes is the bias of the matrix that writes.
        for sublayer in ("attn", "mlp"):
            name = f"L{layer}.{sublayer} bias"
            if name in terms:
                assert np.allclose(
                    found.values[:, terms.index(name)], bias(model, run, layer, sublayer), atol=1e-4
                )


BIASES = {
    "GPT-2": ("transformer.h.{}.attn.c_proj", "transformer.h.{}.mlp.c_proj"),
    "GPT-Neo": ("transformer.h.{}.attn.attention.out_proj", "transformer.h.{}.mlp.c_proj"),
    "GPT-NeoX": ("gpt_neox.layers.{}.attention.dense", "gpt_neox.layers.{}.mlp.dense_4h_to_h"),
    "GPT-J": (None, "transformer.h.{}.mlp.fc_out"),
    "OPT": ("model.decoder.layers.{}.self_attn.out_proj", "model.decoder.layers.{}.fc2"),
    "Bloom": ("transformer.h.{}.self_attention.dense", "transformer.h.{}.mlp.dense_4h_to_h"),
    "Transformer": ("blocks.{}.attn", "blocks.{}.mlp"),
}


def bias(model, run, layer, sublayer):
    """What the bias of the matrix that writes gives through the final norm as it is."""
    path = BIASES[model.architecture.family][sublayer == "mlp"].format(layer)
    module = model.module.get_submodule(path)
    b = next(x for x in (getattr(module, name, None) for name in ("bias", "b_O", "b_out")) if x is not None)
    d, e = (model.tokenizer(letter, add_special_tokens=False).input_ids[0] for letter in "de")
    directions = model.unembedding.directions([d, e])
    resid = run[at.resid_post][-1][torch.arange(len(run.ids)), run.tokenized.last]
    return ((b @ (directions[:, 0] - directions[:, 1])) * model.unembedding.scale(resid)).detach().numpy()


@pytest.mark.parametrize("family", ["GPT-2", "GPT-NeoX", "Llama", "Gemma 2", "OPT", "Transformer"])
def test_a_heads_part_is_what_its_output_gives_through_the_frozen_norm(family):
    """Measured without our matrices: the head is taken out of the attention's own output projection."""
    model = of_family(family)
    run = model.run(PROMPT, keep=SITES["head"])
    found = mi.direct_logit_attribution(run, ("d", "e")).dataset.isel(batch=0).set_index(term="term")
    layer, head = 1, 2
    resid = run[at.resid_post][-1]
    with model.intervene(mi.ablate(at.z[layer, head])):
        without = model.run(PROMPT, keep=[at.attn_out])
    written = run[at.attn_out][layer] - without[at.attn_out][layer]
    if family == "Gemma 2":  # its norm after the attention is held too, where the run lets it move
        attn = model.module.model.layers[layer]
        z = run[at.z][layer].clone()
        z[:, :, [h for h in range(z.shape[2]) if h != head]] = 0
        summed = attn.self_attn.o_proj(run[at.z][layer].flatten(-2))
        scale = torch.rsqrt(summed.pow(2).mean(-1, keepdim=True) + attn.post_attention_layernorm.eps)
        written = attn.self_attn.o_proj(z.flatten(-2)) * scale * (1 + attn.post_attention_layernorm.weight)
    d, e = (model.tokenizer(letter, add_special_tokens=False).input_ids[0] for letter in "de")
    unembed = model.unembedding
    directions = unembed.directions([d, e])
    scale = unembed.scale(resid)[0, -1]
    expected = (written[0, -1].float() @ (directions[:, 0] - directions[:, 1])) * scale
    assert found["contribution"].sel(term=f"L{layer}.H{head}").item() == pytest.approx(
        expected.item(), abs=1e-4
    )


@settings(max_examples=examples(15))
@given(
    st.text("abcdefgh", min_size=1, max_size=12), st.sampled_from(["sublayer", "head"]), st.integers(0, 20)
)
def test_the_parts_add_up_for_any_prompt(text, by, seed):
    model = mi.load(small_transformer(seed), tokenizer=letters())
    run = model.run(text, keep=SITES[by])
    found = mi.direct_logit_attribution(run, ("a", "b"), by=by)
    assert found.values.sum() == pytest.approx(found.dataset["logit_diff"].item(), abs=1e-4)


def test_the_route_set_by_hand_is_written_by_its_last_head():
    model = route()
    run = model.run(
        [PAIR.clean, PAIR.corrupted], keep=[at.resid_pre, at.attn_out, at.z, at.resid_post, at.pattern, at.v]
    )
    heads = mi.direct_logit_attribution(run, PAIR)
    by_term = dict(zip(heads.dataset["term"].values.tolist(), heads.values.T, strict=True))
    assert by_term.pop(f"L{SECOND[0]}.H{SECOND[1]}") == pytest.approx([LOUDNESS, -LOUDNESS], abs=1e-3)
    assert np.allclose(list(by_term.values()), 0, atol=1e-4)
    d = mi.direct_logit_attribution(run, PAIR, by="pos").dataset.isel(batch=0)
    there = d.isel(term=int(np.abs(d["contribution"]).argmax()))
    assert (there["layer"].item(), there["head"].item(), there["pos"].item()) == (*SECOND, 2)
    assert there["source_token"].item() == "c"


def test_what_an_intervention_adds_is_a_part_of_its_own():
    model = mi.load(small_transformer(n_layers=3), tokenizer=letters())
    with model.intervene(mi.steer(at.resid_post[0], torch.ones(32).cumsum(0), scale=0.3)):
        run = model.run(PROMPT, keep=SITES["head"])
    found = mi.direct_logit_attribution(run, ("a", "b"))
    assert found.values.sum() == pytest.approx(found.dataset["logit_diff"].item(), abs=1e-4)
    terms = found.dataset["term"].values.tolist()
    assert abs(found.values[0, terms.index("interventions")]) > 0.01
    for by in SITES:
        for change in (mi.ablate(at.z[1, 0]), mi.steer(at.attn_out[1], torch.ones(32).cumsum(0), scale=0.1)):
            with model.intervene(change):
                run = model.run(PROMPT, keep=SITES[by])
            found = mi.direct_logit_attribution(run, ("a", "b"), by=by)
            assert found.values.sum() == pytest.approx(found.dataset["logit_diff"].item(), abs=1e-4)
            terms = found.dataset["term"].values.tolist()
            named = [name for name in terms if "interventions" in name]
            # Where heads' own outputs are the terms, nothing was put in beside them; by source a changed z was.
            expected = by == "pos" or (
                by == "head" and isinstance(change, type(mi.steer(at.attn_out[1], [1.0])))
            )
            assert named == (["L1.attn interventions"] if expected else [])


def test_what_cannot_be_attributed_is_named():
    model = mi.load(small_gpt2(), tokenizer=letters())
    run = model.run([PROMPT, "abd"], keep=[at.resid_pre, at.attn_out, at.mlp_out])
    says = r"by head needs .* at\.resid_post\[1\] among them: .*keep=\[at\.resid_pre\[0\], .*at\.z\]"
    with pytest.raises(mi.errors.NotKept, match=says):
        mi.direct_logit_attribution(run, ("d", "e"))
    run = model.run([PROMPT, "abd"], keep=SITES["head"])
    pair = mi.PromptPair("a", "b", ("a", "b"))
    with pytest.raises(mi.MIError, match="the run has 2 prompts, but 3 pairs"):
        mi.direct_logit_attribution(run, [pair] * 3)
    with pytest.raises(mi.MIError, match="by='layer' is not known; allowed: sublayer, head, pos, neuron"):
        mi.direct_logit_attribution(run, pair, by="layer")
    with pytest.raises(mi.MIError, match=r"two different texts, .*got \('a', 'b', 'c'\)"):
        mi.direct_logit_attribution(run, ("a", "b", "c"))
    assert mi.direct_logit_attribution(run, [pair, pair]).values.shape[0] == 2
