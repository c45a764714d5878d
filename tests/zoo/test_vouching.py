"""Logits that are known: they vouch for what nobody told of a network, and another network is refused."""

import pytest
import torch

import mi_widgets as mi
from mi_widgets.core.errors import UnsupportedModel
from tests.conftest import small_transformer

IDS = torch.tensor([[3, 1, 4, 1, 5]])


def with_weights_of_1(module):
    generator = torch.Generator().manual_seed(0)
    for weight in module.parameters():
        weight.data.normal_(0, 1, generator=generator)
    return module


def test_logits_that_are_known_vouch_for_what_nobody_told():
    module = with_weights_of_1(small_transformer())
    ids = torch.randint(50, (4, 12), generator=torch.Generator().manual_seed(0))
    found = mi.Transformer.from_state_dict(module.state_dict(), check=(ids, module(ids)))
    assert found.assumed == ()
    assert mi.load(found).trust.warnings == ()
    # In the last of one layer, a token sees all others either way.
    module = with_weights_of_1(small_transformer(n_layers=1))
    state, logits = module.state_dict(), module(ids)
    assert mi.Transformer.from_state_dict(state, check=(ids, logits[:, -1])).assumed == ("causal",)
    assert mi.Transformer.from_state_dict(state, check=(ids[0].tolist(), logits[0].tolist())).assumed == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"attention_dir": "bidirectional"},
        {"act_fn": "gelu"},
        {"eps": 0.3},
        {"attn_scale": 1.0},
        {"n_layers": 1},
    ],
)
def test_logits_of_another_network_are_an_error(changes):
    module = with_weights_of_1(small_transformer())
    logits = with_weights_of_1(small_transformer(**changes))(IDS)
    with pytest.raises(
        UnsupportedModel, match=r"does not give the logits of check=: .*Assumed: causal, .*Give"
    ):
        mi.Transformer.from_state_dict(module.state_dict(), check=(IDS, logits))
    with pytest.raises(UnsupportedModel, match=r"they differ by up to .* Its config is another, or"):
        mi.Transformer.from_state_dict(module.state_dict(), config=module.config, check=(IDS, logits))


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ([3, 77], "from 3 to 77; the network takes 40 at most, from 0 to 49"),
        ([1] * 41, "rows of 41 token ids"),
    ],
)
def test_a_check_of_prompts_that_it_does_not_take_is_an_error(ids, says):
    with pytest.raises(UnsupportedModel, match=says):
        mi.Transformer.from_state_dict(
            small_transformer().state_dict(), check=(ids, torch.zeros(len(ids), 50))
        )


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (5, r"check= takes \(ids, logits\), two tensors; got int"),
        ((IDS,), r"check= takes \(ids, logits\)"),
        (
            (IDS, torch.zeros(1, 5, 7)),
            r"logits of \(1, 5, 7\); for these ids they would be \(1, 5, 50\), or \(1, 50\)",
        ),
        (
            (IDS[:, :0], torch.zeros(1, 0, 50)),
            r"ids of shape \(1, 0\) and logits of \(1, 0, 50\): give at least one token",
        ),
        ((IDS[:0], torch.zeros(0, 5, 50)), "give at least one token and its logits"),
        ((IDS, torch.zeros(1, 4, 50)), r"logits of \(1, 4, 50\); for these ids"),
    ],
)
def test_a_check_of_another_shape_is_an_error(check, says):
    with pytest.raises(UnsupportedModel, match=says):
        mi.Transformer.from_state_dict(small_transformer().state_dict(), check=check)


@pytest.mark.parametrize("masked", [float("-inf"), -1e9, -1e4])
def test_a_token_that_is_masked_does_not_hide_what_differs_elsewhere(masked):
    """A network that never says a token: its logit is no measure of the others."""
    module = with_weights_of_1(small_transformer())
    module.unembed.b_U.data[7] = masked
    state, logits = module.state_dict(), module(IDS)
    assert mi.Transformer.from_state_dict(state, config=module.config, check=(IDS, logits)).assumed == ()
    with pytest.raises(UnsupportedModel, match="does not give the logits of check="):
        mi.Transformer.from_state_dict(state, config={"act_fn": "gelu"}, check=(IDS, logits))
    # A logit that is infinite in one of both alone.
    logits[..., 8] = -torch.inf
    with pytest.raises(UnsupportedModel, match=r"by up to inf \(one is a finite number, the other is not\)"):
        mi.Transformer.from_state_dict(state, config=module.config, check=(IDS, logits))


@pytest.mark.parametrize("given", [48, 50])
def test_what_a_network_cannot_say_is_no_measure_of_what_it_says(given):
    module = with_weights_of_1(small_transformer())
    state = {**module.state_dict(), "unembed.W_U": module.unembed.W_U[:, :48], "unembed.b_U": torch.zeros(48)}
    logits = mi.Transformer.from_state_dict(state, config={"act_fn": "relu"})(IDS)[..., :given]
    assert mi.Transformer.from_state_dict(state, check=(IDS, logits)).assumed == ()
    with pytest.raises(UnsupportedModel, match="they differ by up to"):
        mi.Transformer.from_state_dict(state, config={"act_fn": "gelu"}, check=(IDS, logits))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_logits_of_few_digits_are_compared_by_those(dtype):
    module = small_transformer()
    logits = module.to(dtype)(IDS)
    state, config = module.float().state_dict(), module.config
    assert mi.Transformer.from_state_dict(state, config=config, check=(IDS, logits)).assumed == ()
    with pytest.raises(UnsupportedModel, match="they differ by up to"):
        mi.Transformer.from_state_dict(state, config=config, check=(IDS, logits.flip(0, 1)))


@pytest.mark.parametrize("kind", ["LN", "RMS"])
def test_norms_without_biases_are_said_to_be_assumed(kind):
    """A LayerNorm may lack biases as well as an RMSNorm does."""
    module = with_weights_of_1(small_transformer(normalization="LN"))
    ids = torch.randint(50, (4, 12), generator=torch.Generator().manual_seed(0))
    state = {
        n: x for n, x in module.state_dict().items() if not n.endswith((".ln1.b", ".ln2.b", "ln_final.b"))
    }
    config = {"normalization_type": "LN"}
    logits = mi.Transformer.from_state_dict(state, config=config | {"final_rms": False})(ids)
    if kind == "RMS":
        logits, config = mi.Transformer.from_state_dict(state)(ids), {}
        with pytest.raises(UnsupportedModel, match="they differ by up to"):
            mi.Transformer.from_state_dict(state, config={"normalization_type": "LN"}, check=(ids, logits))
    else:
        with pytest.raises(
            UnsupportedModel, match=r"Assumed: .*RMSNorm, since no norm has a bias, .*Give config="
        ):
            mi.Transformer.from_state_dict(state, check=(ids, logits))
    said = {"LN": "LN at the end too", "RMS": "RMSNorm, since no norm has a bias"}[kind]
    found = mi.Transformer.from_state_dict(state, config=config | {"act_fn": "relu"})
    assert found.config.normalization == kind
    assert said in found.assumed
    assert mi.Transformer.from_state_dict(state, config=config or None, check=(ids, logits)).assumed == ()


def test_a_norm_that_is_not_told_from_another_stays_assumed():
    """Where every vector has a mean of zero, both norms are one."""
    module = small_transformer(normalization="RMS")
    for name, x in module.named_parameters():
        if name.endswith(("W_E", "W_pos", "W_O", "W_out")):
            x.data -= x.data.mean(-1, keepdim=True)
    found = mi.Transformer.from_state_dict(module.state_dict(), check=(IDS, module(IDS)))
    assert "RMSNorm, since no norm has a bias" in found.assumed
