"""Dictionaries of other programs: right by their papers' formulas, or refused by the name of what is not understood."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError
from tests.core import written_dictionaries as written
from tests.core.written_dictionaries import D, K, S, activations


@pytest.mark.parametrize("make", written.ALL, ids=lambda make: make.__name__)
def test_each_kind_computes_what_its_paper_says_and_is_saved_as_such(tmp_path, make):
    it, x = make(tmp_path), activations()
    site, writes = (None if code is None else eval(code) for code in written.ALL[make])
    found = mi.sae.load(it.path)
    mi.sae.save(found, tmp_path / "saved")
    again = mi.sae.load(tmp_path / "saved")
    for sae in (found, again):
        z = sae.encode(x)
        wanted = it.encode(x)
        assert 0 < (wanted > 0).float().mean() < 0.9
        torch.testing.assert_close(z, wanted, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(sae.decode(z, x), it.decode(wanted, x), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(sae(x), it.decode(wanted, x), rtol=1e-4, atol=1e-4)
        assert (sae.site, sae.writes) == (site, writes)
        assert {name: getattr(sae, name) for name in it.says} == it.says
    assert (again.kind, again.k, again.groups, repr(again)) == (
        found.kind,
        found.k,
        found.groups,
        repr(found),
    )
    assert torch.equal(again(x), found(x))


def test_what_it_says_of_itself(tmp_path):
    assert repr(mi.sae.load(written.matryoshka_batch_topk_sae(tmp_path).path)) == (
        "SAE(batch_topk (Matryoshka), k=4, threshold 2, 24 latents of 8 at at.resid_post[2] of "
        "EleutherAI/pythia-70m-deduped)"
    )
    (tmp_path / "skip").mkdir()
    assert repr(mi.sae.load(written.skip_transcoder(tmp_path / "skip").path)) == (
        "SAE(skip transcoder, l1, 24 latents of 8 to 10 at at.mlp_in[1] to at.mlp_out[1] of gpt2)"
    )


# -- what is not understood -------------------------------------------------------------------------------------------

CONFIGS = {
    written.standard: "cfg.json",
    written.auto_encoder: "config.json",
    written.sparsify_topk: "cfg.json",
    written.gemma_scope_2: "config.json",
}
WEIGHTS = {
    written.standard: "sae_weights.safetensors",
    written.auto_encoder: "ae.pt",
    written.sparsify_topk: "sae.safetensors",
    written.gemma_scope_2: "params.safetensors",
}


@pytest.mark.parametrize("make", CONFIGS, ids=lambda make: make.__name__)
def test_an_unknown_key_is_refused_by_its_name(tmp_path, make):
    path = make(tmp_path).path / CONFIGS[make]
    config = json.loads(path.read_text())
    inner = config.get("trainer", config)
    inner["squared_latents"] = True
    path.write_text(json.dumps(config))
    with pytest.raises(
        DictionaryError, match=r"has the key 'squared_latents' \(True\), which is not understood"
    ):
        mi.sae.load(path.parent)


@pytest.mark.parametrize("make", WEIGHTS, ids=lambda make: make.__name__)
def test_an_unknown_tensor_is_refused_by_its_name(tmp_path, make):
    path = make(tmp_path).path / WEIGHTS[make]
    if path.suffix == ".pt":
        torch.save({**torch.load(path), "W_gate": torch.zeros(3)}, path)
    else:
        save_file({**load_file(path), "W_gate": torch.zeros(3)}, path)
    with pytest.raises(DictionaryError, match="has the tensor 'W_gate', which is not understood here"):
        mi.sae.load(path.parent)


def lens(**changes):
    """SAELens's folder of a standard dictionary with some keys changed."""

    def make(folder):
        weights, metadata = changes.pop("weights", {}), changes.pop("metadata", {})
        p = written._drawn()
        written.sae_lens(
            folder, written._named(p, **weights), metadata=metadata, **{"architecture": "standard", **changes}
        )

    return make


def learned(dict_class="AutoEncoder", state=None, **trainer):
    def make(folder):
        p = written._drawn()
        more = {"bias": p["f"]} if state is None else {"b_dec": p["f"], **state}
        written.dictionary_learning(folder, dict_class, written._linear(p, **more), **trainer)

    return make


UNMEASURED = {"k": torch.tensor(K), "threshold": torch.tensor(-1.0)}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lens(architecture="abstopk"), "architecture 'abstopk': its latents may be negative"),
        (lens(architecture="temporal"), "'temporal': its latents depend on the tokens before"),
        (lens(architecture="sparse_transcoder"), "architecture 'sparse_transcoder'; known are standard, topk"),
        (lens(normalize_activations="expected_average_only_in"), "expected_average_only_in.*Fold them into"),
        (lens(normalize_activations=True), "expected_average_only_in.*Fold them into"),
        (lens(normalize_activations="whiten"), "'whiten'; known are none, layer_norm, constant_norm_rescale"),
        (lens(activation_fn="silu"), "activation_fn 'silu' on the kind 'l1'; known are relu"),
        (lens(architecture="topk", k=K, activation_fn_kwargs={"signed": True}), "signed latents"),
        (lens(activation_fn_kwargs={"power": 2}), r"the key 'power' \(2\)"),
        (lens(rescale_acts_by_decoder_norm=True), "which only top-k and BatchTopK dictionaries can have"),
        (lens(finetuning_scaling_factor=True), "but .*safetensors lacks scaling_factor"),
        (lens(weights={"scaling_factor": torch.full((S,), 2.0)}), "scaling_factor that is not 1, but"),
        (lens(metadata={"hook_point": "blocks.2.hook_resid_post"}), "hook_name and hook_point, which mean the same"),
        (lens(d_sae=S + 1), "says d_sae=25, but its tensors have 24"),
        (lens(dtype="int8"), "dtype 'int8'; a dictionary computes in float16"),
        (lens(metadata={"hook_name": "blocks.1.hook_nowhere"}), "'blocks.1.hook_nowhere', which names no site here"),
        (lens(metadata={"hook_name": "blocks.1.hook_mlp_in"}), r"\(at.resid_mid\) in TransformerLens.*Say where"),
        (lens(metadata={"hook_name": "blocks.1.ln2.hook_normalized"}), "before its weight, or after it"),
        (lens(metadata={"hook_head_index": 1}), r"names head 1 of at.resid_post\[1\], which has no heads"),
        (lens(metadata={"hook_layer": 2}), r"hook_layer=2, but its hook is at.resid_post\[1\]"),
        (lens(metadata={"d_in": 9}), "says d_in=8, and 9 in its metadata"),
        (lens(reshape_activations="hook_z"), "reshape_activations='hook_z' for 'blocks.1.hook_resid_post'"),
        (lens(architecture="transcoder"), "apply_b_dec_to_input=true, but the b_dec of a transcoder"),
        (
            lens(architecture="transcoder", apply_b_dec_to_input=False),
            r"is a transcoder and does not say where it writes: give writes=at.mlp_out\[3\]",
        ),
        (
            lens(metadata={"model_from_pretrained_kwargs": {"center_writing_weights": True}}),
            "center_writing_weights=True: it was trained on activations that TransformerLens changed",
        ),
        (lens(architecture="jumprelu"), "holds no threshold, without which kind='jumprelu'"),
        (lens(architecture="topk"), "does not say how many latents fire at a token: give k="),
        (learned("IdentityDict"), "dict_class 'IdentityDict'; known are AutoEncoder, AutoEncoderNew"),
        (learned(submodule_name="mystery_layer_2"), "'blocks.2.hook_mystery', which names no site here"),
        (learned(layer=3), "layer=3, but its submodule is 'resid_post_layer_2'"),
        (learned("AutoEncoderTopK", UNMEASURED, k=K + 1), "has k=5, but .*ae.pt 4"),
        (learned("BatchTopKSAE", UNMEASURED, k=K), "threshold below 0: it was never measured.*kind=\"topk\""),
        (lambda f: written.sparsify(f, signed=True), "signed latents"),
        (lambda f: written.sparsify(f, activation="relu"), "activation 'relu'; known are topk, groupmax"),
        (lambda f: written.sparsify(f, num_latents=32), "says d_sae=32, but its tensors have 24"),
        (lambda f: written.gemma_scope_2(f, architecture="topk"), "architecture 'topk'; known is jump_relu"),
        (lambda f: (f / "config.json").write_text("{}"), r"holds config.json: that is no dictionary's folder"),
    ],
)  # fmt: skip
def test_what_would_change_numbers_is_honoured_or_refused(tmp_path, make, says):
    make(tmp_path)
    with pytest.raises(DictionaryError, match=says):
        mi.sae.load(tmp_path)


def test_a_threshold_that_was_never_measured_is_read_as_one_says(tmp_path):
    learned("BatchTopKSAE", UNMEASURED, k=K)(tmp_path)
    p, x = written._drawn(), activations()
    h = (x - p["f"]) @ p["E"] + p["e"]
    torch.testing.assert_close(mi.sae.load(tmp_path, kind="topk").encode(x), written.topk(h))
    torch.testing.assert_close(mi.sae.load(tmp_path, kind="l1").encode(x), h.clamp(min=0))


def test_of_gemma_scope_2_the_config_says_which_are_autoencoders(tmp_path):
    """Where it reads and writes at one place; the user says so only where it is silent."""
    stream = "model.layers.5.output"
    (tmp_path / "same").mkdir()
    (tmp_path / "silent").mkdir()
    said = {"affine_connection": False, "hf_hook_point_in": stream}
    same = written.gemma_scope_2(tmp_path / "same", **said, hf_hook_point_out=stream).path
    silent = written.gemma_scope_2(tmp_path / "silent", **said, hf_hook_point_out=None).path
    for folder in (same, silent):
        weights = load_file(folder / "params.safetensors")
        del weights["affine_skip_connection"]
        save_file(weights, folder / "params.safetensors")
        found = mi.sae.load(folder)
        assert (found.site, found.writes, found.transcodes) == (at.resid_post[5], None, False)
    with pytest.raises(
        DictionaryError, match=r"is an autoencoder.*writes=at\.mlp_out\[6\] is for transcoders"
    ):
        mi.sae.load(same, writes=at.mlp_out[6])
    assert mi.sae.load(silent, writes=at.mlp_out[6]).writes == at.mlp_out[6]


def test_a_transcoder_of_gemma_scope_reads_before_the_weight_of_a_norm(tmp_path):
    it = written.gemma_scope(tmp_path, "gemma-scope-2b-pt-transcoders")
    with pytest.raises(
        DictionaryError, match=r"before its weight, which is no site.*Divide W_enc by that weight"
    ):
        mi.sae.load(it.path)
    found = mi.sae.load(it.path, site=at.mlp_in[20], writes=at.mlp_out[20])
    assert (found.site, found.writes, found.transcodes) == (at.mlp_in[20], at.mlp_out[20], True)


def test_what_no_site_is_says_so(tmp_path):
    """Embeddings before they are scaled."""
    it = written.gemma_scope(tmp_path, "gemma-scope-2b-pt-res")
    it.path.parent.parent.rename(tmp_path / "gemma-scope-2b-pt-res" / "embedding")
    path = tmp_path / "gemma-scope-2b-pt-res" / "embedding" / "width_16k" / "average_l0_71"
    with pytest.raises(DictionaryError, match=r"before Gemma multiplies them by sqrt\(d_model\)"):
        mi.sae.load(path)
    assert mi.sae.load(path, site=at.embed).site == at.embed


def test_heads_are_named_one_or_all(tmp_path):
    lens(metadata={"hook_name": "blocks.1.attn.hook_q", "hook_head_index": 3})(tmp_path)
    assert mi.sae.load(tmp_path).site == at.q[1, 3]
    lens(metadata={"hook_name": "blocks.1.attn.hook_z"}, reshape_activations="hook_z")(tmp_path)
    found = mi.sae.load(tmp_path)
    assert found.site == at.z[1]
    mi.sae.save(found, tmp_path / "again")
    assert mi.sae.load(tmp_path / "again").site == at.z[1]
    assert mi.sae.load(written.gemma_scope(tmp_path, "gemma-scope-9b-it-att", 7).path).site == at.z[7]


# -- what is said by nobody, and by the user --------------------------------------------------------------------------


def test_of_two_kinds_that_share_their_tensors_the_user_says_which(tmp_path):
    """The same names are dictionary_learning's top-k and its BatchTopK."""
    p, x, file = written._drawn(), activations(), tmp_path / "a.pt"
    torch.save(written._linear(p, b_dec=p["f"], k=torch.tensor(K), threshold=torch.tensor(2.0)), file)
    with pytest.raises(
        DictionaryError, match=r'k=4 and a threshold, as kind="topk" and kind="batch_topk".*Give kind='
    ):
        mi.sae.load(file)
    h = (x - p["f"]) @ p["E"] + p["e"]
    found = mi.sae.load(file, kind="batch_topk")
    torch.testing.assert_close(found.encode(x), written.jumprelu(h, 2.0))
    assert found.code() == f"mi.sae.load({str(file)!r}, kind='batch_topk')"
    torch.testing.assert_close(mi.sae.load(file, kind="topk", k=K).encode(x), written.topk(h))


def test_whether_b_dec_is_taken_away_is_asked(tmp_path):
    p, x, file = written._drawn(), activations(), tmp_path / "b.pt"
    torch.save(written._named(p, threshold=p["t"]), file)
    with pytest.raises(
        DictionaryError, match="whether b_dec is taken away from what is read: give subtracts_b_dec"
    ):
        mi.sae.load(file)
    for subtracts in (False, True):
        wanted = written.jumprelu((x - p["f"] * subtracts) @ p["E"] + p["e"], p["t"])
        torch.testing.assert_close(mi.sae.load(file, subtracts_b_dec=subtracts).encode(x), wanted)


def test_weights_of_sparsify_without_its_config_need_their_k(tmp_path):
    it, x = written.sparsify_topk(tmp_path), activations()
    (it.path / "cfg.json").unlink()
    file = it.path / "sae.safetensors"
    with pytest.raises(
        DictionaryError, match=r'neither k nor a threshold, as kind="l1" and, with k=, kind="topk"'
    ):
        mi.sae.load(file)
    with pytest.raises(DictionaryError, match=r"does not say how many latents fire at a token: give k="):
        mi.sae.load(file, kind="topk")
    torch.testing.assert_close(mi.sae.load(file, kind="topk", k=K).encode(x), it.encode(x))


def test_what_a_file_says_is_not_said_otherwise(tmp_path):
    written.topk_of_6(tmp_path)
    for told, says in (
        ({"k": 5}, "says k=4, and you say 5"),
        ({"kind": "l1"}, "says kind='topk', and you say 'l1'"),
        (
            {"site": at.resid_post[2]},
            r"says site=at.resid_post\[1\].*as in mi.sae.latents\(run, sae, site=…\)",
        ),
        ({"writes": at.mlp_out[1]}, "is an autoencoder, which writes where it reads"),
        ({"d_in": 9}, "reads activations of width 8; you say d_in=9"),
    ):
        with pytest.raises(DictionaryError, match=says):
            mi.sae.load(tmp_path, **told)
    assert mi.sae.load(tmp_path, k=K, kind="topk", site=at.resid_post[1], d_in=D).k == K


def test_the_width_says_which_way_round_matrices_lie(tmp_path):
    p, x = written._drawn(), activations()
    turned = {**written._named(p), "W_enc": p["E"].T.contiguous(), "W_dec": p["F"].T.contiguous()}
    torch.save(turned, tmp_path / "a.pt")
    found = mi.sae.load(tmp_path / "a.pt", kind="l1", d_in=D, subtracts_b_dec=False, site=at.resid_pre[0])
    torch.testing.assert_close(found.encode(x), (x @ p["E"] + p["e"]).clamp(min=0))


@pytest.mark.parametrize(
    ("make", "config", "weights", "told"),
    [
        (written.gated_auto_encoder, "config.json", "ae.pt", {}),
        (written.gated_of_6, "cfg.json", "sae_weights.safetensors", {"subtracts_b_dec": True}),
    ],
)
def test_gated_tensors_say_what_they_are(tmp_path, make, config, weights, told):
    it, x = make(tmp_path), activations()
    (it.path / config).unlink()
    found, z = mi.sae.load(it.path / weights, **told), it.encode(x)
    torch.testing.assert_close(found.encode(x), z, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.decode(z, x), it.decode(z, x), rtol=1e-4, atol=1e-4)


def test_a_matrix_has_a_name_of_large_letters_or_of_small_ones(tmp_path):
    p, x, file = written._drawn(), activations(), tmp_path / "a.pt"
    told = {"kind": "l1", "subtracts_b_dec": False}
    state = {**written._named(p), "w_dec": p["F"]}
    torch.save({name: value for name, value in state.items() if name != "W_dec"}, file)
    found = mi.sae.load(file, **told)
    torch.testing.assert_close(found(x), (x @ p["E"] + p["e"]).clamp(min=0) @ p["F"] + p["f"])
    torch.save({**state, "w_dec": 2 * p["F"]}, file)
    with pytest.raises(
        DictionaryError, match="has the tensors W_dec and w_dec, which mean the same and differ"
    ):
        mi.sae.load(file, **told)


# -- files that are not what they seem --------------------------------------------------------------------------------


class Code:
    def __reduce__(self):
        return print, ("this was run",)


def test_no_code_is_run_by_any_format(tmp_path, capsys):
    written.auto_encoder(tmp_path)
    torch.save({"encoder.weight": Code()}, tmp_path / "ae.pt")
    with pytest.raises(DictionaryError, match="only tensors are read"):
        mi.sae.load(tmp_path)
    np.savez(tmp_path / "params.npz", W_enc=np.array([Code()], dtype=object))
    with pytest.raises(DictionaryError, match=r"cannot be read.*allow_pickle"):
        mi.sae.load(tmp_path / "params.npz")
    torch.save({"W_enc": torch.zeros(2, 3), "optimizer": {"lr": 1}}, tmp_path / "c.pt")
    with pytest.raises(DictionaryError, match="'optimizer' is no tensor but dict"):
        mi.sae.load(tmp_path / "c.pt")
    assert "this was run" not in capsys.readouterr().out


def test_a_header_that_is_too_large_is_an_error(tmp_path):
    (tmp_path / "w.safetensors").write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(DictionaryError, match="cannot be read, it is damaged or cut off"):
        mi.sae.load(tmp_path / "w.safetensors")
    written.standard(tmp_path)
    (tmp_path / "cfg.json").write_text("[" * 100_000)
    with pytest.raises(DictionaryError, match=r"cfg.json is damaged"):
        mi.sae.load(tmp_path)
    (tmp_path / "cfg.json").write_text('{"a": "' + "x" * 2**24 + '"}')
    with pytest.raises(DictionaryError, match="17 MB, as no config has"):
        mi.sae.load(tmp_path)


def test_what_is_encoded_must_be_there_to_decode(tmp_path):
    found, x = mi.sae.load(written.layer_norm(tmp_path).path), activations()
    with pytest.raises(
        DictionaryError, match=r"scaling='layer_norm': what it says depends on the activation too"
    ):
        found.decode(found.encode(x))
    assert found.encode(torch.zeros(1, D)).isfinite().all()
