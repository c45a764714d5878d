"""Dictionaries as other programs write them, each beside what its paper says that it computes, in plain torch.

Nothing here knows of mi_widgets: the layouts are those of SAELens, dictionary_learning, sparsify and Gemma Scope, the
formulas those of the papers named at each.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

D, S, K = 8, 24, 4


@dataclass
class Written:
    """Where it lies, what it computes, and what else it says of itself.

    `decode` takes the latents and what was encoded.
    """

    path: Path
    encode: Any
    decode: Any
    says: dict[str, Any]


def _drawn(seed=0, d_out=D):
    draw = torch.Generator().manual_seed(seed)

    def one(*shape, by=1.0):
        return torch.randn(*shape, generator=draw) * by

    return {"E": one(D, S), "e": one(S, by=0.25), "F": one(S, d_out), "f": one(d_out), "t": one(S).abs()}


def activations(n=40, seed=9):
    return torch.randn(n, D, generator=torch.Generator().manual_seed(seed)) + 0.3


def topk(h, k=K):
    """Gao et al. 2024: the k largest, of them what is positive."""
    least = h.sort(-1, descending=True).values[..., k - 1 : k]
    return torch.where(h >= least, h, torch.zeros(())).clamp(min=0)


def jumprelu(h, threshold):
    """Rajamanoharan et al. 2024: z · H(z - θ)."""
    return torch.where((h > threshold) & (h > 0), h, torch.zeros(()))


def gated(x, E, r, gate, mag):
    """Rajamanoharan et al. 2024 (gated): 1[x E + gate > 0] · relu((e^r · E) x + mag)."""
    return torch.where(x @ E + gate > 0, (x @ (E * r.exp()) + mag).clamp(min=0), torch.zeros(()))


# -- SAELens ----------------------------------------------------------------------------------------------------------


def sae_lens(folder, weights, **config):
    """A folder of version 6, with what is said of the model in its metadata."""
    metadata = {
        "sae_lens_version": "6.54.0", "model_name": "gpt2", "hook_name": "blocks.1.hook_resid_post",
        "hook_head_index": None, "prepend_bos": True, "context_size": 128, "seqpos_slice": [None],
        "dataset_path": "some/texts", "neuronpedia_id": None,
    }  # fmt: skip
    metadata |= config.pop("metadata", {})
    given = {
        "d_in": D, "d_sae": S, "dtype": "float32", "device": "cuda", "apply_b_dec_to_input": True,
        "normalize_activations": "none", "reshape_activations": "none",
    }  # fmt: skip
    (folder / "cfg.json").write_text(json.dumps({**given, **config, "metadata": metadata}))
    save_file({name: x.contiguous() for name, x in weights.items()}, folder / "sae_weights.safetensors")


def _named(p, **more):
    return {"W_enc": p["E"], "b_enc": p["e"], "W_dec": p["F"], "b_dec": p["f"], **more}


def _plain(folder, kind, fire, *, subtracts=True, says=None, weights=None, **config):
    p = _drawn()
    sae_lens(folder, _named(p, **(weights(p) if weights else {})), architecture=kind, **config)
    shift = p["f"] if subtracts else 0
    return Written(
        folder,
        lambda x: fire((x - shift) @ p["E"] + p["e"], p),
        lambda z, x: z @ p["F"] + p["f"],
        {"subtracts_b_dec": subtracts, **(says or {})},
    )


def standard(folder):
    return _plain(folder, "standard", lambda h, p: h.clamp(min=0), says={"kind": "l1", "model": "gpt2"})


def without_b_dec(folder):
    return _plain(
        folder, "standard", lambda h, p: h.clamp(min=0), subtracts=False, apply_b_dec_to_input=False
    )


def topk_of_6(folder):
    return _plain(folder, "topk", lambda h, p: topk(h), says={"kind": "topk", "k": K}, k=K)


def topk_of_4(folder):
    """Before version 6 a function's name said it, and the metadata stood beside."""
    p = _drawn()
    config = {
        "architecture": "standard", "activation_fn_str": "topk", "activation_fn_kwargs": {"k": K}, "d_in": D,
        "d_sae": S, "dtype": "torch.float32", "model_name": "gpt2-small", "hook_name": "blocks.1.hook_mlp_out",
        "hook_layer": 1, "hook_head_index": None, "apply_b_dec_to_input": True, "finetuning_scaling_factor": False,
        "normalize_activations": False, "context_size": 64, "l1_coefficient": 8e-5, "lr": 4e-4,
        "sae_lens_training_version": "4.0.0", "model_from_pretrained_kwargs": {},
    }  # fmt: skip
    (folder / "cfg.json").write_text(json.dumps(config))
    save_file(_named(p), folder / "sae_weights.safetensors")
    return Written(
        folder,
        lambda x: topk((x - p["f"]) @ p["E"] + p["e"]),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "topk", "k": K, "model": "gpt2-small"},
    )


def topk_by_length(folder):
    """What fires is decided by latent times length of its direction, and the decoder divides by it."""
    p = _drawn()
    sae_lens(folder, _named(p), architecture="topk", k=K, rescale_acts_by_decoder_norm=True)
    length = p["F"].norm(dim=-1)
    return Written(
        folder,
        lambda x: topk(((x - p["f"]) @ p["E"] + p["e"]) * length),
        lambda z, x: (z / length) @ p["F"] + p["f"],
        {"kind": "topk"},
    )


def jumprelu_of_6(folder):
    return _plain(
        folder,
        "jumprelu",
        lambda h, p: jumprelu(h, p["t"]),
        weights=lambda p: {"threshold": p["t"]},
        says={"kind": "jumprelu"},
    )


def batchtopk_checkpoint(folder):
    """Of Bussmann et al. 2024: one threshold for all latents, on latents times the lengths of their directions."""
    p = _drawn()
    weights = _named(p, topk_threshold=torch.tensor(0.8))
    sae_lens(
        folder, weights, architecture="matryoshka_batchtopk", k=float(K), matryoshka_widths=[6, 14, S],
        rescale_acts_by_decoder_norm=True, topk_threshold_lr=0.01, use_matryoshka_aux_loss=False,
    )  # fmt: skip
    length = p["F"].norm(dim=-1)
    return Written(
        folder,
        lambda x: jumprelu(((x - p["f"]) @ p["E"] + p["e"]) * length, 0.8),
        lambda z, x: (z / length) @ p["F"] + p["f"],
        {"kind": "batch_topk", "groups": (6, 8, 10)},
    )


def matryoshka_of_6(folder):
    """Once it is trained, SAELens writes it as JumpReLU, norms folded in, and tells in the metadata what it was."""
    details = {
        "decoder_init_norm": 0.1, "k": 4.0, "use_sparse_activations": False, "aux_loss_coefficient": 1.0,
        "rescale_acts_by_decoder_norm": True, "topk_threshold_lr": 0.01, "matryoshka_widths": [6, 14],
        "use_matryoshka_aux_loss": False,
    }  # fmt: skip
    more = {"training_architecture": "matryoshka_batchtopk", "training_architecture_details": details}
    return _plain(
        folder,
        "jumprelu",
        lambda h, p: jumprelu(h, 0.8),
        weights=lambda p: {"threshold": torch.full((S,), 0.8)},
        says={"kind": "batch_topk", "k": 4, "groups": (6, 8, 10)},
        metadata={
            **more, "model_class_name": "HookedTransformer", "exclude_special_tokens": False,
            "sequence_separator_token": "bos", "disable_concat_sequences": False, "model_from_pretrained_kwargs": {},
        },
    )  # fmt: skip


def _gated(folder, p, q):
    return Written(
        folder,
        lambda x: gated(x - p["f"], p["E"], q["e"], p["e"], q["t"] - 1),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "gated"},
    )


def gated_of_6(folder):
    p, q = _drawn(), _drawn(1)
    weights = _named(p, r_mag=q["e"], b_gate=p["e"], b_mag=q["t"] - 1)
    weights.pop("b_enc")
    sae_lens(folder, weights, architecture="gated")
    return _gated(folder, p, q)


def tanh_relu(folder):
    return _plain(
        folder,
        "standard",
        lambda h, p: h.clamp(min=0).tanh(),
        says={"kind": "tanh_relu"},
        activation_fn="tanh-relu",
    )


def finetuned(folder):
    """A factor of each latent that the decoder alone takes."""
    p = _drawn()
    times = p["t"] + 0.5
    sae_lens(
        folder,
        _named(p, scaling_factor=times),
        architecture="standard",
        finetuning_scaling_factor=True,
    )
    return Written(
        folder,
        lambda x: ((x - p["f"]) @ p["E"] + p["e"]).clamp(min=0),
        lambda z, x: (z * times) @ p["F"] + p["f"],
        {"kind": "l1"},
    )


def layer_norm(folder):
    p = _drawn()
    sae_lens(folder, _named(p), architecture="standard", normalize_activations="layer_norm")

    def encode(x):
        x = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)
        return ((x - p["f"]) @ p["E"] + p["e"]).clamp(min=0)

    def decode(z, x):
        return (z @ p["F"] + p["f"]) * x.std(-1, keepdim=True) + x.mean(-1, keepdim=True)

    return Written(folder, encode, decode, {"scaling": "layer_norm"})


def constant_norm(folder):
    p = _drawn()
    sae_lens(folder, _named(p), architecture="topk", k=K, normalize_activations="constant_norm_rescale")

    def times(x):
        return D**0.5 / x.norm(dim=-1, keepdim=True)

    return Written(
        folder,
        lambda x: topk((x * times(x) - p["f"]) @ p["E"] + p["e"]),
        lambda z, x: (z @ p["F"] + p["f"]) / times(x),
        {"scaling": "constant_norm_rescale"},
    )


def _transcoder(folder, word, fire, skip=False, d_out=D + 2, **more):
    """Dunefsky et al. 2024, and with a skip connection Paulo et al. 2025."""
    p = _drawn(d_out=d_out)
    weights = _named(p)
    if skip:
        weights["W_skip"] = torch.randn(d_out, D, generator=torch.Generator().manual_seed(3))
    if "jumprelu" in word:
        weights["threshold"] = p["t"]
    sae_lens(
        folder, weights, architecture=word, d_out=d_out, apply_b_dec_to_input=False,
        metadata={"hook_name": "blocks.1.mlp.hook_in", "hook_name_out": "blocks.1.hook_mlp_out"},
    )  # fmt: skip

    def decode(z, x):
        return z @ p["F"] + p["f"] + (x @ weights["W_skip"].T if skip else 0)

    says = {"transcodes": True, "d_out": d_out, **more}
    return Written(folder, lambda x: fire(x @ p["E"] + p["e"], p), decode, says)


def transcoder(folder):
    return _transcoder(folder, "transcoder", lambda h, p: h.clamp(min=0), kind="l1")


def skip_transcoder(folder):
    return _transcoder(folder, "skip_transcoder", lambda h, p: h.clamp(min=0), skip=True, kind="l1")


def jumprelu_transcoder(folder):
    return _transcoder(folder, "jumprelu_transcoder", lambda h, p: jumprelu(h, p["t"]), kind="jumprelu")


def jumprelu_skip_transcoder(folder):
    return _transcoder(folder, "jumprelu_skip_transcoder", lambda h, p: jumprelu(h, p["t"]), True, D)


# -- dictionary_learning ----------------------------------------------------------------------------------------------


def dictionary_learning(folder, dict_class, state, **trainer):
    given = {
        "dict_class": dict_class, "trainer_class": "SomeTrainer", "activation_dim": D, "dict_size": S, "lr": 1e-4,
        "steps": 100, "seed": 0, "device": "cuda:0", "layer": 2, "lm_name": "EleutherAI/pythia-70m-deduped",
        "wandb_name": "x", "submodule_name": "resid_post_layer_2",
    }  # fmt: skip
    buffer = {"d_submodule": D, "io": "out", "n_ctxs": 100, "ctx_len": 128, "refresh_batch_size": 8,
              "out_batch_size": 16, "device": "cuda:0"}  # fmt: skip
    (folder / "config.json").write_text(json.dumps({"trainer": {**given, **trainer}, "buffer": buffer}))
    torch.save(state, folder / "ae.pt")


def _linear(p, **more):
    return {"encoder.weight": p["E"].T, "encoder.bias": p["e"], "decoder.weight": p["F"].T, **more}


def auto_encoder(folder):
    """Loaded by its library with directions of length 1, latents longer by as much."""
    p = _drawn()
    dictionary_learning(folder, "AutoEncoder", _linear(p, bias=p["f"]), l1_penalty=0.1, warmup_steps=10)
    length = p["F"].norm(dim=-1)
    return Written(
        folder,
        lambda x: ((x - p["f"]) @ p["E"] + p["e"]).clamp(min=0) * length,
        lambda z, x: (z / length) @ p["F"] + p["f"],
        {"kind": "l1", "model": "EleutherAI/pythia-70m-deduped"},
    )


def auto_encoder_new(folder):
    p = _drawn()
    dictionary_learning(folder, "AutoEncoderNew", _linear(p, **{"decoder.bias": p["f"]}))
    return Written(
        folder,
        lambda x: (x @ p["E"] + p["e"]).clamp(min=0),
        lambda z, x: z @ p["F"] + p["f"],
        {"subtracts_b_dec": False},
    )


def gated_auto_encoder(folder):
    p, q = _drawn(), _drawn(1)
    state = {"decoder_bias": p["f"], "r_mag": q["e"], "gate_bias": p["e"], "mag_bias": q["t"] - 1}
    state |= {"encoder.weight": p["E"].T, "decoder.weight": p["F"].T}
    dictionary_learning(folder, "GatedAutoEncoder", state, l1_penalty=0.1)
    return _gated(folder, p, q)


def jumprelu_auto_encoder(folder):
    p = _drawn()
    dictionary_learning(
        folder, "JumpReluAutoEncoder", _named(p, threshold=p["t"]), bandwidth=0.001, target_l0=20
    )
    return Written(
        folder,
        lambda x: jumprelu(x @ p["E"] + p["e"], p["t"]),
        lambda z, x: z @ p["F"] + p["f"],
        {"subtracts_b_dec": False},
    )


def auto_encoder_topk(folder):
    p = _drawn()
    state = _linear(p, b_dec=p["f"], k=torch.tensor(K), threshold=torch.tensor(2.0))
    dictionary_learning(folder, "AutoEncoderTopK", state, k=K, auxk_alpha=0.03, threshold_beta=0.999)
    return Written(
        folder,
        lambda x: topk((x - p["f"]) @ p["E"] + p["e"]),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "topk", "k": K},
    )


def batch_topk_sae(folder):
    p = _drawn()
    state = _linear(p, b_dec=p["f"], k=torch.tensor(K), threshold=torch.tensor(2.0))
    dictionary_learning(folder, "BatchTopKSAE", state, k=K, threshold_start_step=100, top_k_aux=4)
    return Written(
        folder,
        lambda x: jumprelu((x - p["f"]) @ p["E"] + p["e"], 2.0),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "batch_topk", "k": K},
    )


def matryoshka_batch_topk_sae(folder):
    p = _drawn()
    state = _named(p, k=torch.tensor(K), threshold=torch.tensor(2.0), group_sizes=torch.tensor([6, 8, 10]))
    sizes = {"group_fractions": [0.25, 0.33, 0.42], "group_weights": [1, 1, 1], "group_sizes": [6, 8, 10]}
    dictionary_learning(folder, "MatryoshkaBatchTopKSAE", state, k=K, **sizes)
    return Written(
        folder,
        lambda x: jumprelu((x - p["f"]) @ p["E"] + p["e"], 2.0),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "batch_topk", "groups": (6, 8, 10)},
    )


# -- sparsify ---------------------------------------------------------------------------------------------------------


def sparsify(folder, skip=None, **config):
    p = _drawn()
    given = {
        "expansion_factor": 3,
        "normalize_decoder": True,
        "num_latents": 0,
        "k": K,
        "multi_topk": False,
        "d_in": D,
    }
    given |= {"activation": "topk", "skip_connection": skip is not None, "transcode": False}
    (folder / "cfg.json").write_text(json.dumps({**given, **config}))
    state = {"encoder.weight": p["E"].T, "encoder.bias": p["e"], "W_dec": p["F"], "b_dec": p["f"]}
    state |= {} if skip is None else {"W_skip": skip}
    save_file({name: x.contiguous() for name, x in state.items()}, folder / "sae.safetensors")
    return p


def sparsify_topk(folder):
    folder = folder / "layers.3"
    folder.mkdir()
    p = sparsify(folder)
    return Written(
        folder,
        lambda x: topk((x - p["f"]) @ p["E"] + p["e"]),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "topk", "k": K},
    )


def sparsify_groupmax(folder):
    folder = folder / "h.2.attn"
    folder.mkdir()
    p = sparsify(folder, activation="groupmax")

    def encode(x):
        parts = ((x - p["f"]) @ p["E"] + p["e"]).clamp(min=0).split(S // K, -1)
        return torch.cat([torch.where(h == h.max(-1, keepdim=True).values, h, 0 * h) for h in parts], -1)

    return Written(folder, encode, lambda z, x: z @ p["F"] + p["f"], {"kind": "groupmax"})


def sparsify_skip_transcoder(folder):
    folder = folder / "layers.1.mlp"
    folder.mkdir()
    skip = torch.randn(D, D, generator=torch.Generator().manual_seed(3))
    p = sparsify(folder, skip, transcode=True)
    return Written(
        folder,
        lambda x: topk(x @ p["E"] + p["e"]),
        lambda z, x: z @ p["F"] + p["f"] + x @ skip.T,
        {"transcodes": True, "subtracts_b_dec": False},
    )


# -- Gemma Scope ------------------------------------------------------------------------------------------------------


def gemma_scope(folder, release="gemma-scope-2b-pt-res", layer=20):
    p = _drawn()
    folder = folder / release / f"layer_{layer}" / "width_16k" / "average_l0_71"
    folder.mkdir(parents=True)
    np.savez(folder / "params.npz", **{n: x.numpy() for n, x in _named(p, threshold=p["t"]).items()})
    return Written(
        folder,
        lambda x: jumprelu(x @ p["E"] + p["e"], p["t"]),
        lambda z, x: z @ p["F"] + p["f"],
        {"kind": "jumprelu", "subtracts_b_dec": False, "model": "gemma-2-2b"},
    )


def gemma_scope_2(folder, **config):
    """An affine transcoder: its skip connection lies as (d_in, d_out)."""
    p = _drawn()
    skip = torch.randn(D, D, generator=torch.Generator().manual_seed(3))
    given = {
        "architecture": "jump_relu", "model_name": "gemma-v3-1b-pt", "width": S, "l0": 60, "type": "transcoder",
        "hf_hook_point_in": "model.layers.5.pre_feedforward_layernorm.output", "affine_connection": True,
        "hf_hook_point_out": "model.layers.5.post_feedforward_layernorm.output",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps({**given, **config}))
    state = {"w_enc": p["E"], "b_enc": p["e"], "w_dec": p["F"], "b_dec": p["f"], "threshold": p["t"]}
    save_file({**state, "affine_skip_connection": skip}, folder / "params.safetensors")
    return Written(
        folder,
        lambda x: jumprelu(x @ p["E"] + p["e"], p["t"]),
        lambda z, x: z @ p["F"] + p["f"] + x @ skip,
        {"kind": "jumprelu", "model": "gemma-3-1b-pt", "transcodes": True},
    )


# Each with the sites that it says.
ALL = {
    standard: ("at.resid_post[1]", None),
    without_b_dec: ("at.resid_post[1]", None),
    topk_of_6: ("at.resid_post[1]", None),
    topk_of_4: ("at.mlp_out[1]", None),
    topk_by_length: ("at.resid_post[1]", None),
    jumprelu_of_6: ("at.resid_post[1]", None),
    matryoshka_of_6: ("at.resid_post[1]", None),
    batchtopk_checkpoint: ("at.resid_post[1]", None),
    gated_of_6: ("at.resid_post[1]", None),
    tanh_relu: ("at.resid_post[1]", None),
    finetuned: ("at.resid_post[1]", None),
    layer_norm: ("at.resid_post[1]", None),
    constant_norm: ("at.resid_post[1]", None),
    transcoder: ("at.mlp_in[1]", "at.mlp_out[1]"),
    skip_transcoder: ("at.mlp_in[1]", "at.mlp_out[1]"),
    jumprelu_transcoder: ("at.mlp_in[1]", "at.mlp_out[1]"),
    jumprelu_skip_transcoder: ("at.mlp_in[1]", "at.mlp_out[1]"),
    auto_encoder: ("at.resid_post[2]", None),
    auto_encoder_new: ("at.resid_post[2]", None),
    gated_auto_encoder: ("at.resid_post[2]", None),
    jumprelu_auto_encoder: ("at.resid_post[2]", None),
    auto_encoder_topk: ("at.resid_post[2]", None),
    batch_topk_sae: ("at.resid_post[2]", None),
    matryoshka_batch_topk_sae: ("at.resid_post[2]", None),
    sparsify_topk: ("at.resid_post[3]", None),
    sparsify_groupmax: ("at.attn_out[2]", None),
    sparsify_skip_transcoder: ("at.mlp_in[1]", "at.mlp_out[1]"),
    gemma_scope: ("at.resid_post[20]", None),
    gemma_scope_2: ("at.mlp_in[5]", "at.mlp_out[5]"),
}
