"""Models of TransformerLens: read by their own config, with their own weights, and held against their own logits.

The classes here stand in for its own: the same names, `cfg`, `state_dict` and logits from `forward`.
"""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import PromptError, UnsupportedModel
from tests.conftest import small_gpt2
from tests.model.letters import letters
from tests.zoo.lens_configs import BASE, CONFIGS
from tests.zoo.lens_reading import HookedTransformer, close

IDS = torch.tensor([[3, 1, 4, 1, 5, 9]])


def test_weights_are_shared_not_copied():
    net = HookedTransformer(BASE)
    model = mi.load(net)
    assert isinstance(model.module, mi.Transformer)
    assert model.name == "HookedTransformer"
    assert model.module.unembed.W_U.data_ptr() == net.unembed["W_U"].data_ptr()
    net.unembed["W_U"].mul_(2)
    assert close(model.run(IDS).logits, net(IDS))


def test_how_it_was_read_is_said():
    checks = {check.name: check for check in mi.load(HookedTransformer(BASE)).trust.checks}
    assert checks["how it was read"].status == "note"
    assert checks["how it was read"].seen.startswith(
        "HookedTransformer of TransformerLens, with the same weights as Transformer: its own logits on 2 prompts of 12"
    )
    assert "how it was read" not in {
        check.name for check in mi.load(mi.load(small_gpt2()).module).trust.checks
    }


def test_hooks_that_change_it_are_not_read_in_silence():
    net = HookedTransformer(BASE)
    net.blocks[0].register_forward_hook(lambda module, args, out: out * 1.1)
    with pytest.raises(
        UnsupportedModel, match="HookedTransformer gives other logits than its weights and its config"
    ):
        mi.load(net)


def test_a_config_that_does_not_fit_is_refused():
    net = HookedTransformer(BASE)
    net.cfg.act_fn = "gelu"  # what it computes stays relu in this one
    net.blocks[0].mlp.c = net.blocks[1].mlp.c = SimpleNamespace(**vars(net.cfg) | {"act_fn": "relu"})
    with pytest.raises(UnsupportedModel, match=r"log-probabilities of up to .* differ by"):
        mi.load(net)
    net.cfg.num_experts = 4
    with pytest.raises(UnsupportedModel, match="config has num_experts=4, which a Transformer does not do"):
        mi.load(net)


def test_sixteen_bits_are_compared_as_such():
    net = HookedTransformer(BASE | {"dtype": torch.bfloat16})
    model = mi.load(net)
    assert model.dtype == torch.bfloat16
    assert model.trust.warnings == ()


def test_its_tokenizer_and_what_it_puts_first_are_taken():
    tokenizer = letters()
    config = BASE | {"d_vocab": len(tokenizer)}
    for prepend in (True, False):
        model = mi.load(HookedTransformer(config | {"default_prepend_bos": prepend}, tokenizer))
        assert model.tokenizer is tokenizer
        first = model.tokenize("a").ids[0, 0] == tokenizer.bos_token_id
        assert bool(first) == prepend
    assert mi.load(HookedTransformer(config, tokenizer), bos=False).bos is False
    with pytest.raises(PromptError):
        mi.load(HookedTransformer(config)).run("a")


class HookedEncoder(nn.Module):
    """Of TransformerLens too, and no decoder."""


def test_what_is_no_decoder_is_refused():
    with pytest.raises(UnsupportedModel, match="HookedEncoder of TransformerLens is no decoder"):
        mi.load(HookedEncoder())


class Bridge(nn.Module):
    """Around a piece of a model, as a bridge has them: it hands on to what it has taken in."""

    def __init__(self, piece):
        super().__init__()
        self.add_module("_original_component", piece)

    def forward(self, *args, **kwargs):
        return self._original_component(*args, **kwargs)

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("_original_component"), name)


class TransformerBridge(nn.Module):
    """Around a model of transformers, whose pieces it has wrapped in place."""

    def __init__(self, module, shift=0.0, scale=1.0):
        super().__init__()
        self.original_model, self.shift, self.scale, self.tokenizer = module, shift, scale, None
        self.cfg = SimpleNamespace(d_vocab=module.config.vocab_size, n_ctx=module.config.n_positions)
        for block in module.transformer.h:
            block.attn, block.mlp = Bridge(block.attn), Bridge(block.mlp)
        module.transformer.ln_f = Bridge(module.transformer.ln_f)
        module.lm_head = Bridge(module.lm_head)

    def forward(self, ids):
        logits = self.original_model(ids).logits * self.scale
        return logits + self.shift * logits.mean(-1, keepdim=True)


def test_a_bridge_is_taken_off():
    stock = small_gpt2()
    wanted = stock(IDS).logits
    names = sorted(small_gpt2().state_dict())
    bridge = TransformerBridge(stock)
    before = torch.random.get_rng_state()
    for module in (bridge, stock):  # the model itself wears the bridge's pieces
        model = mi.load(module)
        assert type(model.module).__name__ == "GPT2LMHeadModel"
        assert sorted(model.module.state_dict()) == names
        assert model.module.transformer.wte.weight.data_ptr() == stock.transformer.wte.weight.data_ptr()
        assert model.module.lm_head.weight is model.module.transformer.wte.weight
        assert close(model.run(IDS).logits, wanted)
        assert model.trust.warnings == ()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_processed_weights_that_give_the_same_probabilities_are_said():
    model = mi.load(TransformerBridge(small_gpt2(), shift=0.5))
    (read,) = (check.seen for check in model.trust.checks if check.name == "how it was read")
    assert "before they were processed: TransformerBridge's own logits differ by a number" in read


def test_changed_copies_of_a_bridge_are_refused():
    with pytest.raises(UnsupportedModel, match="weights that were changed in the copies that a bridge keeps"):
        mi.load(TransformerBridge(small_gpt2(), scale=1.1))


def as_of_4(state):
    """The names and the layout of the networks that TransformerLens 4.x makes itself."""
    found = {}
    for name, x in state.items():
        for old, new in (("embed.W_E", "tok_embed.weight"), ("pos_embed.W_pos", "pos.weight")):
            if name == old:
                found[new] = x
        if name.startswith("unembed.W_U"):
            found["head.weight"] = x.T
        elif name.startswith("ln_final."):
            found[f"ln_out.{'weight' if name.endswith('w') else 'bias'}"] = x
        elif name.startswith("blocks."):
            where, leaf = name.replace("blocks.", "layers.").rsplit(".", 1)
            letter = leaf[-1].lower()
            if leaf in ("W_Q", "W_K", "W_V"):
                found[f"{where}.{letter}.weight"] = x.transpose(1, 2).flatten(0, 1)
            elif leaf in ("b_Q", "b_K", "b_V", "b_O"):
                found[f"{where}.{letter}.bias"] = x.flatten()
            elif leaf == "W_O":
                found[f"{where}.o.weight"] = x.flatten(0, 1).T
            elif leaf in ("W_in", "W_out", "b_in", "b_out"):
                kind = "weight" if leaf[0] == "W" else "bias"
                found[f"{where}.fc_{leaf[2:]}.{kind}"] = x.T if kind == "weight" else x
            elif leaf in ("w", "b"):
                found[f"{where}.{'weight' if leaf == 'w' else 'bias'}"] = x
    return found


class NativeModel(nn.Module):
    """A network that TransformerLens 4.x makes itself: its parameters by its names, its logits by another's reading."""

    def __init__(self, config, **own):
        super().__init__()
        net = HookedTransformer(config)
        net.unembed["b_U"].zero_()
        self.cfg, self.reading = SimpleNamespace(**BASE | own), [net]
        self.named = as_of_4(net.state_dict())
        self.weight = nn.Parameter(torch.zeros(1))

    def state_dict(self):
        return self.named

    def forward(self, ids):
        return self.reading[0](ids)


@pytest.mark.parametrize(
    ("config", "own"),
    [
        (
            "plain",
            {"architecture": "TransformerLensNative", "use_qk_norm": True},
        ),  # which such a network leaves out
        ("bidirectional", {"attention_dir": "bidirectional"}),
        ("rotary of neighbours", {"positional_embedding_type": "rotary"}),
        ("plain", {"use_attn_scale": False}),  # scaled all the same
        ("silu", {"act_fn": "swish", "normalization_type": "ln"}),
    ],
)
def test_networks_of_its_4th_version_are_read(config, own):
    net = NativeModel(CONFIGS[config], **own)
    state = {f"module.{name}": x for name, x in net.state_dict().items()}
    for model in (
        mi.load(mi.Transformer.from_state_dict(state, config=net.cfg)),
        mi.load(bridge_around(net)),
    ):
        assert close(model.run(IDS, keep=[at.pattern]).logits, net(IDS))
        assert model.trust.warnings == ()
    with pytest.raises(
        UnsupportedModel, match=r"which do not say how wide a head is: give config=bridge.cfg"
    ):
        mi.Transformer.from_state_dict(state)


def bridge_around(net):
    bridge = type(
        "TransformerBridge", (nn.Module,), {"forward": lambda self, ids: self.original_model(ids)}
    )()
    bridge.original_model, bridge.cfg = net, net.cfg
    return bridge
