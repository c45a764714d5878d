"""Weights from elsewhere: both layouts of the common repositories give the network, others a clear word."""

import pytest
import torch

import mi_widgets as mi
from mi_widgets.core.errors import UnsupportedModel
from tests.conftest import small_transformer

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
    assert mi.load(found).trust.warnings == ()


def test_the_activation_function_is_told():
    module = small_transformer(act_fn="gelu")
    found = mi.Transformer.from_state_dict(module.state_dict(), act_fn="gelu")
    assert torch.equal(found(IDS), module(IDS))


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
