"""Weights from elsewhere: both layouts of the common repositories give the network, others a clear word."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import mi_widgets as mi
from mi_widgets.core.errors import UnknownModel, UnsupportedModel
from mi_widgets.zoo.state_dicts import config_of
from mi_widgets.zoo.vouching import unsaid
from tests.conftest import small_transformer
from tests.zoo.lens_configs import BASE
from tests.zoo.test_vouching import with_weights_of_1

IDS = torch.tensor([[3, 1, 4, 1, 5]])


def turned(state, n_heads):
    """As the code that came with the paper on grokking has them: matrices to be multiplied from the left."""
    found = dict(state)
    for name, x in state.items():
        leaf = name.rsplit(".", 1)[-1]
        if leaf in ("W_Q", "W_K", "W_V"):
            found[name] = x.transpose(1, 2)
        elif leaf == "W_O":
            found[name] = x.flatten(0, 1).T
        elif leaf in ("W_E", "W_in", "W_out"):
            found[name] = x.T
    return found


@pytest.mark.parametrize(
    "changes", [{}, {"normalization": None}, {"d_mlp": 0}, {"d_head": 32}, {"n_layers": 1}]
)
@pytest.mark.parametrize("layout", [lambda state, heads: state, turned], ids=["TransformerLens", "grokking"])
def test_both_layouts_give_the_network(changes, layout):
    module = small_transformer(seed=3, **changes)
    state = layout(module.state_dict(), 4)
    state |= {"blocks.0.attn.mask": torch.ones(40, 40), "blocks.0.attn.IGNORE": torch.tensor(-1e5)}
    found = mi.Transformer.from_state_dict(state)
    assert found.config == module.config
    assert torch.equal(found(IDS), module(IDS))
    mlp = ", relu, attention before the MLP" if module.config.d_mlp else ""
    alike = ", scores alike in all layers" if module.config.n_layers > 1 else ""
    norms = "no norms" if module.config.normalization is None else "eps 1e-05"
    assert mi.load(found).trust.warnings == (
        f"told by nobody: assumed: causal, standard positions, scores over the root of d_head{alike}, {norms}{mlp}, "
        "no window, no soft-cap of scores, no soft-cap of logits; give Transformer.from_state_dict config=, or "
        "check=(ids, logits) that it must have",
    )


def test_what_nobody_told_is_said_by_every_result():
    model = mi.load(mi.Transformer.from_state_dict(small_transformer().state_dict()))
    result = mi.attention(model.run(IDS, keep=[mi.sites.pattern]))
    assert "assumed: causal" in result.provenance.warnings[0]


def test_a_dict_of_some_fields_tells_these_alone():
    module = small_transformer(act_fn="gelu")
    found = mi.Transformer.from_state_dict(
        module.state_dict(), config={"act_fn": "gelu", "attention_dir": "causal"}
    )
    assert torch.equal(found(IDS), module(IDS))
    assert "gelu" not in found.assumed
    assert "causal" not in found.assumed
    assert "eps 1e-05" in found.assumed


def test_each_field_of_a_network_is_shown_or_said_to_be_assumed():
    shape, shown = config_of(small_transformer().state_dict(), {})
    # What training starts with is no part of a network; a window is one of `attn_types`; shared keys show themselves.
    elsewhere = {"start", "window_size", "n_key_value_heads"}
    assert {field.name for field in fields(shape)} - shown - unsaid(shape).keys() == elsewhere


def test_what_nobody_told_of_turned_queries_is_said():
    module = with_weights_of_1(small_transformer(positional_embedding_type="rotary", rotary_dim=2))
    state, ids = module.state_dict(), IDS.repeat(1, 2)
    told = {"positional_embedding_type": "rotary", "n_ctx": 40}
    found = mi.Transformer.from_state_dict(state, config=told).assumed
    turns = (
        "all of a head turned",
        "rotary base 10000",
        "pairs half of rotary_dim apart",
        "no wavelength slowed",
    )
    assert set(turns) < set(found)
    with pytest.raises(UnsupportedModel, match="they differ by"):
        mi.Transformer.from_state_dict(state, config=told, check=(ids, module(ids)))
    # Of two numbers, neighbours are half apart too: nothing tells them, and nothing needs to.
    again = mi.Transformer.from_state_dict(state, config={**told, "rotary_dim": 2}, check=(ids, module(ids)))
    assert again.assumed == ("pairs half of rotary_dim apart",)


def test_fields_of_numpys_and_fields_that_do_nothing_are_taken():
    state = small_transformer(normalization=None).state_dict()
    config = {"normalization_type": None, "use_normalization_before_and_after": np.True_}
    found = mi.Transformer.from_state_dict(state, config=config)
    assert torch.equal(found(IDS), small_transformer(normalization=None)(IDS))


def test_what_nobody_told_of_norms_without_weights_is_said():
    module = small_transformer(normalization="LNPre", final_rms=True)
    found = mi.Transformer.from_state_dict(module.state_dict(), config={"normalization_type": "LNPre"})
    assert "LNPre at the end too" in found.assumed
    module = small_transformer(normalization="LN", final_rms=True)
    found = mi.Transformer.from_state_dict(module.state_dict(), config={"normalization_type": "LN"})
    assert found.config.final_rms


@pytest.mark.parametrize(
    ("prefix", "under"),
    [
        ("module.", ()),
        ("_orig_mod.", ("model",)),
        ("module._orig_mod.", ("state_dict",)),
        ("model.", ("model_state_dict",)),
        ("", ("net",)),
        ("net.", ("net", "model")),
    ],
)
def test_parameters_are_found_where_trainings_put_them(prefix, under):
    module = small_transformer()
    state = {prefix + name: x for name, x in module.state_dict().items()}
    for name in reversed(under):
        state = {name: state, "optimizer": {"lr": 1e-3, "state": {}}, "epoch": 3, "step": torch.tensor(3)}
    found = mi.Transformer.from_state_dict(state)
    assert torch.equal(found(IDS), module(IDS))


def test_a_file_is_read_as_weights_alone(tmp_path):
    module = small_transformer(attention_dir="bidirectional")
    config = BASE | {"d_model": 32, "d_head": 8, "n_ctx": 40, "d_vocab": 50, "attention_dir": "bidirectional"}
    torch.save({"model": module.state_dict(), "config": config, "losses": [1.0]}, tmp_path / "net.pth")
    for path in (tmp_path / "net.pth", str(tmp_path / "net.pth")):
        found = mi.Transformer.from_state_dict(path)
        assert found.assumed == ()  # the config lies beside the weights
        assert torch.equal(found(IDS), module(IDS))
    save_file(module.state_dict(), tmp_path / "net.safetensors")
    found = mi.Transformer.from_state_dict(tmp_path / "net.safetensors", config=module.config)
    assert torch.equal(found(IDS), module(IDS))
    with pytest.raises(UnknownModel, match=r"net.pth holds weights alone, .*Transformer.from_state_dict\('"):
        mi.load(tmp_path / "net.pth")


def test_nothing_is_unpickled(tmp_path):
    torch.save(small_transformer(), tmp_path / "whole.pt")
    with pytest.raises(UnsupportedModel, match="holds more than weights, and nothing else is unpickled here"):
        mi.Transformer.from_state_dict(tmp_path / "whole.pt")
    (tmp_path / "text.pth").write_text("no weights")
    for name, says in (
        ("none.pth", "there is no file"),
        ("text.pth", "holds more than weights|cannot be read"),
    ):
        with pytest.raises(UnsupportedModel, match=says):
            mi.Transformer.from_state_dict(tmp_path / name)
    with pytest.raises(UnsupportedModel, match=r"got the module Transformer: give module.state_dict\(\)"):
        mi.Transformer.from_state_dict(small_transformer())


def test_without_learned_positions_nothing_is_guessed():
    state = small_transformer(positional_embedding_type="rotary").state_dict()
    with pytest.raises(UnsupportedModel, match=r"there is no pos_embed.W_pos, so that nothing says how"):
        mi.Transformer.from_state_dict(state)


def test_parameters_are_copied():
    module = small_transformer()
    found = mi.Transformer.from_state_dict(module.state_dict())
    before = found(IDS)
    module.unembed.W_U.data.zero_()
    assert torch.equal(found(IDS), before)


def test_biases_that_are_not_there_are_zero():
    module = small_transformer()
    state = {
        name: x for name, x in module.state_dict().items() if not name.rsplit(".", 1)[-1].startswith("b_")
    }
    found = mi.Transformer.from_state_dict(state)
    assert torch.equal(found(IDS), module(IDS))  # those of an untrained network are zero


def test_a_token_that_cannot_be_said_has_no_probability():
    module = small_transformer()
    state = module.state_dict()
    state["unembed.W_U"], state["unembed.b_U"] = state["unembed.W_U"][:, :49], state["unembed.b_U"][:49]
    logits = mi.Transformer.from_state_dict(state)(IDS)
    assert torch.equal(logits[..., :49], module(IDS)[..., :49])
    assert (logits.softmax(-1)[..., 49] == 0).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"embed.W_E": None},
            "there is no embed.W_E. It takes parameters by TransformerLens's names; these are",
        ),
        ({"blocks.1.mlp.W_out": None}, "blocks.1.mlp.W_out is missing and nothing is unknown"),
        ({"head.weight": torch.ones(2)}, "nothing is missing and head.weight is unknown"),
        (
            {"blocks.0.attn.W_Q": torch.ones(4, 8, 32)},
            r"W_Q has shape \(4, 8, 32\); with d_model 32 .* \(any, 32, any\)",
        ),
        ({"blocks.1.mlp.W_out": "lost"}, "blocks.1.mlp.W_out is no parameter, but a str"),
        (
            {"ema": {"embed.W_E": torch.ones(50, 32)}},
            r"ema is no parameter, but a dict: if the .* give state\['ema'\]",
        ),
        (
            {"embed.W_E": torch.ones(50, 32, dtype=torch.complex64)},
            "embed.W_E is complex, and a network computes with",
        ),
        ({"embed.W_E": torch.ones(50, 32).to_sparse()}, r"embed.W_E is sparse: give x.to_dense\(\)"),
        ({"unembed.W_U": torch.ones(32, 50, device="meta")}, r"unembed.W_U has no numbers \(.*\): load them"),
        ({"blocks.0.attn.W_O": None}, "there is no blocks.0.attn.W_O"),
        ({"embed.W_E": torch.ones(32, 50)}, r"embed.W_E has shape \(32, 50\); .* transpose it"),
        (
            {"blocks.1.mlp.W_in": torch.ones(24, 32)},
            r"W_in has shape \(24, 32\); beside the others .* \(32, 24\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(change, says):
    state = {name: x for name, x in (small_transformer().state_dict() | change).items() if x is not None}
    with pytest.raises(UnsupportedModel, match=f"from_state_dict: .*{says}"):
        mi.Transformer.from_state_dict(state)
