"""What a module gives out itself is not taken for what the model makes of it before it is at a site."""

from functools import partial

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import SiteError
from tests.conftest import small_gpt2
from tests.core import written_dictionaries as written
from tests.core.test_sae_formats import learned, lens
from tests.core.written_dictionaries import S, topk
from tests.model.decoders import WIDTH, small_decoder

IDS = [[5, 9, 17, 33]]


@pytest.fixture(scope="module")
def models():
    return {name: mi.load(small_decoder(f"{name}ForCausalLM")) for name in ("Olmo2", "Granite", "Llama")}


@pytest.fixture(autouse=True)
def as_wide_as_the_models(monkeypatch):
    monkeypatch.setattr(written, "D", WIDTH)
    monkeypatch.setattr(written, "_drawn", partial(written._drawn, d_out=WIDTH))


def of_a_module(folder, name="layers.1.mlp", **config):
    (folder / name).mkdir()
    written.sparsify(folder / name, num_latents=S, **config)
    return folder / name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Olmo2", "normalises what attention and MLP give out before it adds it"),
        ("Granite", "adds 0.5 times what attention and MLP give out"),
    ],
)
@pytest.mark.parametrize("made_by", ["sparsify", "dictionary_learning"])
def test_a_dictionary_of_a_module_is_not_read_after_what_follows(models, tmp_path, name, why, made_by):
    model, path = models[name], tmp_path
    if made_by == "sparsify":
        path = of_a_module(tmp_path)
    else:
        learned(submodule_name="mlp_out_layer_1", layer=1)(tmp_path)
    sae = mi.sae.load(path)
    assert sae.site == at.mlp_out[1]
    before = model.run(IDS).logits
    with pytest.raises(
        SiteError, match=rf"at\.mlp_out\[1\]: {name}ForCausalLM {why}\. What was named is before"
    ):
        model.run(IDS, keep=[sae.site])
    run = model.run(IDS, keep=[at.mlp_out[1]])
    with pytest.raises(SiteError, match=why):
        mi.sae.latents(run, sae)
    with pytest.raises(SiteError, match=why), model.intervene(mi.ablate(at.latent(sae, 3))):
        pass
    assert torch.equal(model.run(IDS).logits, before)
    said = mi.sae.latents(run, sae, site=at.mlp_out[1]).warnings
    assert any("was trained on what a module itself gives out" in text and why in text for text in said)
    mi.sae.save(sae, tmp_path / "saved")
    with pytest.raises(SiteError, match=why):
        mi.sae.latents(run, mi.sae.load(tmp_path / "saved"))
    if made_by == "sparsify":  # the user's word for where it is holds
        told = mi.sae.load(path, site=at.mlp_out[1])
        assert not any("what a module itself" in text for text in mi.sae.latents(run, told).warnings)


def test_where_nothing_follows_it_is_read_as_it_is(models, tmp_path):
    model, caught = models["Llama"], {}
    sae = mi.sae.load(of_a_module(tmp_path))
    hook = model.module.model.layers[1].mlp.register_forward_hook(
        lambda _, a, out: caught.update(x=out.detach())
    )
    run = model.run(IDS, keep=[sae.site])
    hook.remove()
    p = written._drawn()
    wanted = topk((caught["x"] - p["f"]) @ p["E"] + p["e"])
    torch.testing.assert_close(sae.encode(run[sae.site]), wanted, rtol=1e-4, atol=1e-5)
    assert not any("what a module itself" in text for text in mi.sae.latents(run, sae).warnings)


def test_a_transcoder_writes_no_such_place_either(models, tmp_path):
    sae = mi.sae.load(of_a_module(tmp_path, transcode=True))
    assert (sae.site, sae.writes) == (at.mlp_in[1], at.mlp_out[1])
    for name in ("Olmo2", "Granite"):
        assert models[name].run(IDS, keep=[at.mlp_in[1]])[at.latent(sae)].shape[-1] == sae.d_sae
        with pytest.raises(SiteError, match=r"at\.mlp_out\[1\]"):
            models[name].run(IDS, keep=[sae.writes])
        with (
            pytest.raises(SiteError, match=r"at\.mlp_out\[1\]"),
            models[name].intervene(mi.scale(at.latent(sae, 3), 2.0)),
        ):
            pass


def test_queries_before_they_are_turned_are_no_site(models):
    llama, gpt2 = models["Llama"], mi.load(small_gpt2())
    run, plain = llama.run(IDS, keep=[at.q, at.k]), gpt2.run(IDS, keep=["blocks.1.attn.hook_q"])
    for name in ("q", "k"):
        assert torch.equal(run[f"blocks.1.attn.hook_rot_{name}"], run[getattr(at, name)[1]])
        for use in (
            lambda hook: run[hook],
            lambda hook: llama.run(IDS, keep=[hook]),
            lambda hook: llama.placed(mi.ablate(hook)),
        ):
            with pytest.raises(
                SiteError, match=rf"at\.{name}\[1\]: LlamaForCausalLM turns, normalises or scales"
            ):
                use(f"blocks.1.attn.hook_{name}")
    caught = {}
    module = gpt2.module.transformer.h[1].attn.c_attn
    hook = module.register_forward_hook(lambda _, a, out: caught.update(x=out.detach()))
    gpt2.run(IDS)
    hook.remove()
    queries = caught["x"].chunk(3, -1)[0]
    torch.testing.assert_close(plain["blocks.1.attn.hook_q"].flatten(-2), queries.reshape(1, len(IDS[0]), -1))


def test_a_dictionary_of_queries_before_they_are_turned_says_so(models, tmp_path):
    named = {"hook_name": "blocks.1.attn.hook_q", "hook_head_index": 0}
    p = written._drawn()
    weights = {"W_enc": p["E"][:8], "W_dec": p["F"][:, :8].contiguous(), "b_dec": p["f"][:8]}
    lens(metadata=named, weights=weights, d_in=8)(tmp_path)
    sae = mi.sae.load(tmp_path)
    assert sae.site == at.q[1, 0]
    run = models["Llama"].run(IDS, keep=[at.q])
    with pytest.raises(SiteError, match=r"at\.q\[1, 0\]: .* turns, normalises or scales queries and keys"):
        mi.sae.latents(run, sae)
    said = mi.sae.latents(run, sae, site=at.q[1, 0]).warnings
    assert any("turns, normalises or scales queries" in text for text in said)


def test_a_network_that_makes_turns_and_does_not_use_them_has_its_own_queries():
    model = mi.load(small_decoder("FalconForCausalLM", alibi=True))
    assert model.run(IDS, keep=["blocks.0.attn.hook_q"])[at.q[0]].shape[-1] == model.config.d_head
