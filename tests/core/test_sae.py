"""Sparse autoencoders: what fires, what is written to files and read back, and what is refused."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError, SiteError
from mi_widgets.core.sae_formats.reading import read_sae
from mi_widgets.core.sae_formats.sae_lens import CONFIG, WEIGHTS
from mi_widgets.core.script import code_of
from tests.core.dictionaries import KINDS, random_sae, random_transcoder


@given(kind=st.sampled_from(KINDS), rows=st.integers(1, 4), seed=st.integers(0, 99))
def test_what_fires_is_what_its_kind_says(kind, rows, seed):
    sae, x = random_sae(kind, seed=seed), torch.randn(rows, 6, generator=torch.Generator().manual_seed(seed))
    before = (x - sae.b_dec) @ sae.W_enc + sae.b_enc
    found = sae.encode(x)
    assert (found >= 0).all()
    fires = found > 0
    said = before.tanh() if kind == "tanh_relu" else before
    torch.testing.assert_close(found[fires], said[fires])
    match kind:
        case "topk":
            least = before.sort(-1, descending=True).values[:, sae.k - 1 : sae.k]
            assert fires.equal((before >= least) & (before > 0))
        case "l1" | "tanh_relu":
            assert fires.equal(before > 0)
        case "groupmax":
            for half, fired in ((before[:, :5], fires[:, :5]), (before[:, 5:], fires[:, 5:])):
                assert fired.equal((half == half.amax(-1, keepdim=True)) & (half > 0))
        case _:
            assert fires.equal((before > 0) & (before > sae.threshold))
    torch.testing.assert_close(sae(x), found @ sae.W_dec + sae.b_dec)


def test_without_subtraction_the_activation_is_read_as_it_is():
    sae = random_sae("l1", subtracts_b_dec=False)
    x = torch.randn(2, 6)
    torch.testing.assert_close(sae.encode(x), (x @ sae.W_enc + sae.b_enc).relu())


def test_half_precision_comes_back_as_it_came():
    sae, x = random_sae(), torch.randn(2, 6)
    assert sae.encode(x.half()).dtype == sae(x.half()).dtype == torch.float16
    torch.testing.assert_close(
        sae.encode(x.half()).float(), sae.encode(x.half().float()), rtol=1e-3, atol=1e-3
    )
    assert sae.to(torch.float64).W_dec.dtype == torch.float64


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_holds_all_of_it(tmp_path, kind):
    sae, x = random_sae(kind, site=at.resid_post[2], model="atlas"), torch.randn(9, 6)
    mi.sae.save(sae, tmp_path / "it")
    found = mi.sae.load(tmp_path / "it")
    torch.testing.assert_close(found.encode(x), sae.encode(x), rtol=0, atol=0)
    torch.testing.assert_close(found(x), sae(x), rtol=0, atol=0)
    assert (found.kind, found.site, found.model) == (kind, at.resid_post[2], "atlas")
    assert found.k == sae.k
    assert found.code() == f"mi.sae.load({str(tmp_path / 'it')!r})"
    assert sorted(path.name for path in (tmp_path / "it").iterdir()) == [CONFIG, WEIGHTS]
    config = json.loads((tmp_path / "it" / CONFIG).read_text())
    assert config["metadata"]["hook_name"] == "blocks.2.hook_resid_post"
    # What other programs read of batch top-k is what it is once it is trained.
    assert config["architecture"] == {
        "l1": "standard", "topk": "topk", "tanh_relu": "tanh_relu", "groupmax": "groupmax",
    }.get(kind, "jumprelu")  # fmt: skip


@pytest.mark.parametrize(
    "new",
    [
        random_sae(seed=1, site=at.resid_post[-1]),
        random_transcoder(site=at.mlp_in[-1], writes=at.mlp_out[-1]),
    ],
    ids=repr,
)
def test_a_layer_without_a_number_leaves_the_folder_as_it_was(tmp_path, new):
    old, x = random_sae(site=at.resid_post[2]), torch.randn(9, 6)
    mi.sae.save(old, tmp_path / "it")
    with pytest.raises(SiteError, match=r"\[-1\] has no name of .* whose layers have numbers from 0"):
        mi.sae.save(new, tmp_path / "it")
    found = mi.sae.load(tmp_path / "it")
    torch.testing.assert_close(found(x), old(x), rtol=0, atol=0)
    assert found.site == at.resid_post[2]
    with pytest.raises(SiteError):
        mi.sae.save(new, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def folder(tmp_path, weights=None, **config):
    sae = random_sae("topk")
    mi.sae.save(sae, tmp_path)
    written = json.loads((tmp_path / CONFIG).read_text())
    (tmp_path / CONFIG).write_text(json.dumps({**written, **config}))
    if weights:
        save_file({**load_file(tmp_path / WEIGHTS), **weights}, tmp_path / WEIGHTS)
    return sae


def test_an_older_config_is_read(tmp_path):
    sae = folder(tmp_path)
    old = {
        "d_in": 6, "d_sae": 10, "hook_name": "blocks.1.hook_mlp_out", "model_name": "gpt2", "architecture": "standard",
        "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 2}, "apply_b_dec_to_input": False,
        "normalize_activations": "none",
    }  # fmt: skip
    (tmp_path / CONFIG).write_text(json.dumps(old))
    found, x = mi.sae.load(tmp_path), torch.randn(3, 6)
    assert (found.kind, found.k, found.site, found.model) == ("topk", 2, at.mlp_out[1], "gpt2")
    kept = (x @ sae.W_enc + sae.b_enc).topk(2, -1)
    torch.testing.assert_close(found.encode(x).gather(-1, kept.indices), kept.values.relu())


def test_what_fires_by_length_of_direction_fires_the_same(tmp_path):
    sae = folder(tmp_path, rescale_acts_by_decoder_norm=True)
    x = torch.randn(5, 6)
    length = sae.W_dec.norm(dim=-1)
    weighed = ((x - sae.b_dec) @ sae.W_enc + sae.b_enc) * length
    kept = weighed.topk(3, -1)
    fires = torch.zeros_like(weighed).scatter(-1, kept.indices, kept.values.relu())
    torch.testing.assert_close(mi.sae.load(tmp_path)(x), (fires / length) @ sae.W_dec + sae.b_dec)


def test_state_dicts_of_linear_layers_are_read(tmp_path):
    sae, x = random_sae("l1"), torch.randn(3, 6)
    state = {
        "encoder.weight": sae.W_enc.T, "encoder.bias": sae.b_enc, "decoder.weight": sae.W_dec.T, "b_dec": sae.b_dec,
    }  # fmt: skip
    torch.save(state, tmp_path / "ae.pt")
    torch.testing.assert_close(mi.sae.load(tmp_path / "ae.pt", kind="l1").encode(x), sae.encode(x))
    torch.save({**state, "k": torch.tensor(3)}, tmp_path / "k.pt")
    found = mi.sae.load(tmp_path / "k.pt", kind="topk")
    assert (found.kind, found.k) == ("topk", 3)
    save_file({n: v.contiguous() for n, v in state.items()}, tmp_path / "ae.safetensors")
    torch.testing.assert_close(mi.sae.load(tmp_path / "ae.safetensors", kind="l1")(x), sae(x))


def cut_off(tmp_path):
    folder(tmp_path)
    whole = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(whole[: len(whole) // 2])


def without_weights(tmp_path):
    folder(tmp_path)
    (tmp_path / WEIGHTS).unlink()


def no_json(tmp_path):
    folder(tmp_path)
    (tmp_path / CONFIG).write_text('{"d_in": ')


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut_off, "cannot be read, it is damaged or cut off"),
        (
            without_weights,
            "holds cfg.json: that is no dictionary's folder. Known are cfg.json with sae_weights",
        ),
        (no_json, "cfg.json is damaged"),
        (lambda p: folder(p, {"W_dec": torch.full((10, 6), torch.nan)}), "is damaged: W_dec holds NaN"),
        (lambda p: folder(p, {"W_dec": torch.ones(9, 6)}), r"W_dec must have shape \(10, 6\).*got \(9, 6\)"),
        (lambda p: folder(p, architecture="gated"), "lacks the tensor r_mag; it has b_enc"),
        (lambda p: folder(p, k=11), "k must be a whole number from 1 to d_sae, 10; got 11"),
    ],
)
def test_damaged_folders_say_what_is_wrong(tmp_path, damage, says):
    damage(tmp_path)
    with pytest.raises(DictionaryError, match=says):
        read_sae(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "sorted"}, "kind='sorted': the kinds are topk, batch_topk, jumprelu, l1, gated, tanh_relu"),
        ({"scaling": "half"}, "scaling='half': activations are scaled by none, layer_norm"),
        ({"groups": (3, 4)}, r"groups=\(3, 4\): each level adds latents, 10 of them"),
        ({"groups": (4, -2, 8)}, r"groups=\(4, -2, 8\): each level adds latents"),
        ({"W_enc": torch.ones(6, 10).int()}, r"W_enc is of int32; .* in float16, .*: W_enc\.float\(\), for"),
        (
            {"b_dec": torch.ones(6).to(torch.float8_e5m2)},
            r"b_dec is of float8_e5m2; a dictionary computes in",
        ),
        ({"writes": at.mlp_out[1]}, "A transcoder takes no b_dec away from what it reads"),
        (
            {"writes": at.mlp_out[1], "site": at.resid_post[1], "subtracts_b_dec": False},
            r"reads before it writes.*got site=at.resid_post\[1\], writes=at.mlp_out\[1\]",
        ),
        ({"k": 0}, "k must be a whole number from 1 to d_sae, 10; got 0"),
        ({"b_enc": torch.zeros(9)}, r"b_enc must have shape \(10,\)"),
        ({"kind": "jumprelu", "threshold": None}, r"threshold must have shape \(10,\).*got none"),
        ({"W_enc": torch.zeros(6)}, "as W_enc"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, says):
    with pytest.raises(DictionaryError, match=says):
        random_sae(**{"kind": "topk", **changes})


def test_groups_of_unequal_size_are_refused():
    with pytest.raises(DictionaryError, match="k=3: 10 latents cannot be parted into so many groups"):
        replace(random_sae("groupmax"), k=3)


def test_activations_of_another_width_are_refused():
    with pytest.raises(DictionaryError, match=r"reads activations of width 6; these have shape \(2, 5\)"):
        random_sae().encode(torch.ones(2, 5))


def test_what_is_made_of_a_loaded_dictionary_is_no_loaded_one():
    loaded = mi.sae.load("atlas-2")
    changed = replace(loaded, W_dec=-loaded.W_dec)
    assert (loaded.code(), changed.code()) == ("mi.sae.load('atlas-2')", "sae")
    assert changed.history is loaded.history
    assert code_of(changed.direction(3).record, "direction").splitlines()[3:] == [
        f"sae = ...  # bring your {changed!r}",
        "direction = sae.direction(3)",
    ]
    moved = changed.to(torch.float64)
    assert "mi.sae.load" not in code_of(moved.record, "sae")
    assert code_of(loaded.to(torch.float64).record, "moved").splitlines()[-2:] == [
        "sae = mi.sae.load('atlas-2')",
        "moved = sae.to(torch.float64)",
    ]
