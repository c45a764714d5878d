"""Values of a dictionary's file that are no such value: one clear error, by the file and the name."""

import json

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError
from tests.core import written_dictionaries as written
from tests.core.test_sae_formats import UNMEASURED, learned, lens
from tests.core.written_dictionaries import D, K, S, activations


def matryoshka(widths):
    more = {"matryoshka_widths": widths, "weights": {"threshold": torch.ones(1)}}
    return lens(architecture="matryoshka_batchtopk", k=K, **more)


def by_length(**more):
    return lens(architecture="topk", **{"k": K, "rescale_acts_by_decoder_norm": True, **more})


def buffer(**said):
    def make(folder):
        learned()(folder)
        config = json.loads((folder / "config.json").read_text())
        config["buffer"] |= said
        (folder / "config.json").write_text(json.dumps(config))

    return make


GATED = {"r_mag": torch.ones(S - 1), "b_gate": torch.ones(S), "b_mag": torch.ones(S)}
SHORT = {"k": torch.tensor(K), "threshold": torch.ones(S - 1)}
ONE_LESS = r"must have shape \(24,\), of 24 latents; it has \(23,\)"
TRUTH, NUMBER = "it must be true or false", "it must be a number"
COUNTS = "it must be a list of whole numbers from 1"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lens(apply_b_dec_to_input="false"), f"cfg.json has apply_b_dec_to_input='false'; {TRUTH}"),
        (lens(finetuning_scaling_factor="no"), f"cfg.json has finetuning_scaling_factor='no'; {TRUTH}"),
        (
            by_length(rescale_acts_by_decoder_norm="false"),
            f"rescale_acts_by_decoder_norm='false'; {TRUTH}",
        ),
        (lens(activation_fn_kwargs={"signed": "no"}), f"signed='no'; {TRUTH}"),
        (lambda f: written.sparsify(f, transcode="false"), f"cfg.json has transcode='false'; {TRUTH}"),
        (lens(architecture="topk", k="4"), f"cfg.json has k='4'; {NUMBER}"),
        (lens(architecture="topk", k=7, activation_fn_kwargs={"k": 5}), "k=7, and 5 in its activation_fn_kwargs"),
        (lens(normalize_activations=["none"]), r"normalize_activations=\['none'\]; known are none"),
        (lens(metadata={"hook_layer": "1"}), f"hook_layer='1'; {NUMBER}"),
        (
            lens(metadata={"hook_name": "blocks.1.attn.hook_z", "hook_head_index": -1}),
            r"names head -1 of at\.z\[1\]; heads are counted from 0",
        ),
        (lens(dtype="float8_e4m3fn"), "dtype 'float8_e4m3fn'; a dictionary computes in float16, bfloat16, float32"),
        (lens(dtype=None, weights={"W_enc": torch.ones(D, S).int()}), "not fit together: W_enc is of int32; a"),
        (lens(dtype=None, weights={"b_dec": torch.ones(D).to(torch.float8_e5m2)}), "b_dec is of float8_e5m2; a"),
        (matryoshka([14, 6, S]), r"matryoshka_widths=\[14, 6, 24\]: each level holds more latents than the one"),
        (matryoshka([6, S + 1]), r"matryoshka_widths=\[6, 25\]: .* the last at most all 24"),
        (matryoshka(S), f"matryoshka_widths=24; {COUNTS}"),
        (matryoshka(["a"]), rf"matryoshka_widths=\['a'\]; {COUNTS}"),
        (lens(architecture="jumprelu", weights={"threshold": torch.ones(S - 1)}), f"threshold {ONE_LESS}"),
        (lens(architecture="gated", weights=GATED), f"sae_weights.safetensors: r_mag {ONE_LESS}"),
        (
            lens(finetuning_scaling_factor=True, weights={"scaling_factor": torch.ones(S - 1)}),
            f"scaling_factor {ONE_LESS}",
        ),
        (
            by_length(weights={"W_dec": torch.ones(D, S)}),
            r"W_dec must have shape \(24, d_out\), of 24 latents; it has \(8, 24\)",
        ),
        (learned("BatchTopKSAE", SHORT, k=K), f"threshold {ONE_LESS}"),
        (learned(layer="one"), f"config.json has layer='one'; {NUMBER}"),
        (learned(layer=[1]), rf"config.json has layer=\[1\]; {NUMBER}"),
        (learned("BatchTopKSAE", UNMEASURED, group_sizes=S), f"group_sizes=24; {COUNTS}"),
        (learned("BatchTopKSAE", UNMEASURED, group_sizes="6,18"), f"group_sizes='6,18'; {COUNTS}"),
        (buffer(io="in"), "trained on what its submodule reads, which 'resid_post_layer_2' does not name"),
        (buffer(io="in_and_out"), "io='in_and_out' in its buffer; known are in and out"),
        (buffer(normalize=True), r"has the key 'normalize' \(True\), which is not understood"),
        (lambda f: written.gemma_scope_2(f, affine_connection="false"), f"affine_connection='false'; {TRUTH}"),
        (lambda f: written.sparsify(f, expansion_factor="2"), f"expansion_factor='2'; {NUMBER}"),
        (lambda f: written.sparsify(f, k=4.5), r"cfg.json has k=4.5; it must be a whole number"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_is_refused_by_its_name(tmp_path, make, says):
    make(tmp_path)
    with pytest.raises(DictionaryError, match=says):
        mi.sae.load(tmp_path)


def test_what_a_module_reads_is_where_the_user_says(tmp_path):
    buffer(io="in")(tmp_path)
    assert mi.sae.load(tmp_path, site=at.resid_pre[2]).site == at.resid_pre[2]


def test_an_auto_encoder_is_the_same_without_the_config_beside_it(tmp_path):
    """Its library makes directions of length 1 wherever it loads one."""
    it, x = written.auto_encoder(tmp_path), activations()
    (it.path / "config.json").unlink()
    found = mi.sae.load(it.path / "ae.pt", kind="l1")
    torch.testing.assert_close(found.encode(x), it.encode(x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found(x), it.decode(it.encode(x), x), rtol=1e-4, atol=1e-4)
