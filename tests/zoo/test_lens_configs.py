"""Each field of TransformerLens's config: the network is what a plain reading of the field says, or it is refused."""

import re
from types import SimpleNamespace

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.zoo.attention import KeyValueCache
from tests.conftest import small_transformer
from tests.model.letters import letters
from tests.zoo.lens_configs import BASE, CONFIGS, REFUSED
from tests.zoo.lens_reading import HookedTransformer, close

IDS = torch.randint(11, (2, 9), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("name", CONFIGS)
def test_each_field_is_read_as_it_is_meant(name):
    net = HookedTransformer(CONFIGS[name])
    wanted = net(IDS)
    model = mi.load(net)
    logits = model.run(IDS).logits
    assert close(logits[..., : wanted.shape[-1]], wanted)
    assert (logits[..., wanted.shape[-1] :] == -1e4).all()  # tokens that it cannot say
    # Sums, patterns, padding, edits, the final norm: of every variant all checks hold.
    assert model.trust.warnings == ()
    assert model.looks_ahead == (net.cfg.attention_dir == "bidirectional")
    if not model.looks_ahead:
        assert close(one_by_one(model.module), logits)


def one_by_one(module):
    """The logits of tokens that come one after the other, behind three at once, with padding on the left."""
    ids = torch.cat([torch.zeros_like(IDS[:, :2]), IDS], 1)
    mask, cache, found = torch.ones_like(ids, dtype=torch.bool), KeyValueCache(), []
    mask[:, :2] = False
    for begin, end in ((0, 5), *((i, i + 1) for i in range(5, ids.shape[1]))):
        found.append(module(ids[:, begin:end], mask[:, :end], cache))
    return torch.cat(found, 1)[:, 2:]


@pytest.mark.parametrize("field", REFUSED)
def test_what_is_not_done_is_refused_by_its_name(field):
    state = HookedTransformer(BASE).state_dict()
    with pytest.raises(UnsupportedModel, match=rf"from_state_dict: config .*{field}"):
        mi.Transformer.from_state_dict(state, config=BASE | {field: REFUSED[field]})


def test_a_network_that_says_more_than_it_reads_is_refused():
    with pytest.raises(
        UnsupportedModel, match=r"W_U has 12 columns, and embed.W_E 11 rows: a network that says more"
    ):
        mi.load(HookedTransformer(BASE | {"d_vocab_out": 12}))


def test_a_field_of_another_version_is_refused_by_its_name():
    state = HookedTransformer(BASE).state_dict()
    with pytest.raises(
        UnsupportedModel, match="config has use_flux, warp, which is no field of TransformerLens's"
    ):
        mi.Transformer.from_state_dict(state, config=BASE | {"warp": 9, "use_flux": False})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"use_local_attn": True}, "use_local_attn=True, but no window_size, attn_types"),
        (
            {"attn_types": ["local"] * 2, "use_local_attn": True, "window_size": 0},
            "window_size=0 must be 1 or more",
        ),
        (
            {"positional_embedding_type": "alibi", "attention_dir": "bidirectional"},
            "config has positional_embedding_type='alibi' and attention_dir='bidirectional'",
        ),
        ({"act_fn": None}, "config has no act_fn, and the network has MLPs"),
        ({"n_heads": 2}, "config has n_heads=2; the parameters have 4"),
        ({"n_ctx": 13}, "config has n_ctx=13; the parameters have 12"),
        ({"normalization_type": "RMS"}, "nothing is missing and blocks.0.ln1.b, .* is unknown"),
        ({"positional_embedding_type": "rotary"}, "nothing is missing and pos_embed.W_pos is unknown"),
        ({"n_key_value_heads": 2}, "config has n_key_value_heads=2; the parameters have 4"),
        (
            {"use_normalization_before_and_after": True},
            "config has use_normalization_before_and_after=True; the parameters have False",
        ),
        ({"gated_mlp": True, "act_fn": "solu_ln"}, "config has gated_mlp=True; the parameters have False"),
    ],
)
def test_fields_that_do_not_go_together_are_named(changes, says):
    state = HookedTransformer(BASE).state_dict()
    with pytest.raises(UnsupportedModel, match=f"from_state_dict: .*{says}"):
        mi.Transformer.from_state_dict(state, config=BASE | changes)


def test_a_config_may_be_an_object():
    net = HookedTransformer(CONFIGS["gated gelu"])
    found = mi.Transformer.from_state_dict(net.state_dict(), config=SimpleNamespace(**CONFIGS["gated gelu"]))
    assert close(found(IDS), net(IDS))
    again = mi.Transformer.from_state_dict(found.state_dict(), config=found.config)
    assert torch.equal(again(IDS), found(IDS))
    assert found.assumed == again.assumed == ()


def without_biases(name):
    """A network that adds nothing but products of its matrices."""
    state = HookedTransformer(CONFIGS[name]).state_dict()
    state = {n: x * 0 if n.rsplit(".", 1)[-1].lstrip("_").startswith("b") else x for n, x in state.items()}
    return mi.load(mi.Transformer.from_state_dict(state, config=CONFIGS[name]))


VARIANTS = (
    "plain",
    "final RMS",
    "RMSPre",
    "no norms",
    "shortformer",
    "shared keys",
    "normed queries",
    "parallel",
    "gated gelu",
    "norms after too",
    "normed embedding",
    "solu_ln",
    "bidirectional",
)


@pytest.fixture(scope="module")
def weighed():
    return {name: without_biases(name) for name in VARIANTS}


@pytest.mark.parametrize("name", VARIANTS)
def test_matrices_are_those_that_the_network_multiplies_by(weighed, name):
    model = weighed[name]
    w, c = model.weights, model.module.config
    run = model.run(IDS, keep=[at.embed, at.resid_pre, at.resid_post, at.q, at.v])

    def along(x, product):
        """Whether x is the product but for one number a place."""
        return torch.allclose((x / product), (x / product)[..., :1], rtol=1e-3)

    for layer in range(c.n_layers):
        read = torch.einsum("bpm,hmd->bphd", run[at.resid_pre[layer]], w.W_V[layer])
        v = run[at.v[layer]].repeat_interleave(c.n_heads // c.key_value_heads, 2)
        assert along(v.flatten(2), read.flatten(2))
        if c.positional_embedding_type == "standard":
            read = torch.einsum("bpm,hmd->bphd", run[at.resid_pre[layer]], w.W_Q[layer])
            q = run[at.q[layer]]
            assert along(q, read) if c.use_qk_norm else along(q.flatten(2), read.flatten(2))
    last = run[at.resid_post[c.n_layers - 1]]
    assert along(run.logits, last @ w.W_U)
    embedded = run[at.embed]
    if model.module.config.normalization == "LN" and not c.final_rms:
        embedded = embedded - embedded.mean(-1, keepdim=True)
    assert close(w.W_E[IDS], embedded)


@pytest.mark.parametrize(
    ("name", "by"),
    [
        *((name, by) for name in VARIANTS for by in ("head", "neuron")),
        ("shared keys", "pos"),
        ("bidirectional", "pos"),
    ],
)
def test_what_parts_write_is_what_is_added(weighed, name, by):
    model = weighed[name]
    keep = [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post, at.z, at.pattern, at.v, at.mlp_post]
    result = mi.direct_logit_attribution(model.run(IDS, keep=keep), [3, 5], by=by)
    terms = result.to_dataset()
    assert torch.allclose(
        torch.tensor(terms.contribution.sum("term").values), torch.tensor(terms.logit_diff.values), atol=1e-3
    )
    names = [str(name) for name in terms.term.values]
    # Without biases nothing is left that no head and no neuron has written.
    assert not [name for name in names if "attn bias" in name or "mlp bias" in name or name == "rounding"]


def test_figures_of_weights_are_made_of_every_variant(weighed):
    for name, model in weighed.items():
        assert mi.copying_scores(model).values.shape == (2, 4), name
        assert mi.composition_scores(model, n_random=2).values.shape == (3, 8, 8), name


@pytest.mark.parametrize("told", [True, False, None])
def test_the_token_that_begins_a_text_is_put_there_as_the_config_says(told):
    tokenizer = letters()
    module = small_transformer(d_vocab=len(tokenizer))
    config = {} if told is None else {"default_prepend_bos": told}
    found = mi.Transformer.from_state_dict(module.state_dict(), config=config | {"act_fn": "relu"})
    first = [] if told is False else [tokenizer.bos_token_id]  # the tokenizer adds it by itself
    assert mi.load(found, tokenizer=tokenizer).tokenize("a").ids[0, :-1].tolist() == first
    tokenizer = letters(bos=0)
    first = [tokenizer.bos_token_id] if told else []
    assert mi.load(found, tokenizer=tokenizer).tokenize("a").ids[0, :-1].tolist() == first
    assert mi.load(found, tokenizer=tokenizer, bos=not told).bos is not told
    with pytest.raises(UnsupportedModel, match="default_prepend_bos='yes'; it must be True or False"):
        mi.Transformer.from_state_dict(module.state_dict(), config={"default_prepend_bos": "yes"})


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("n_layers", 2.0, "a whole number"),
        ("n_ctx", None, "a whole number"),
        ("rotary_dim", "4", "a whole number"),
        ("eps", "1e-5", "a number"),
        ("attn_scale", "8", "a number"),
        ("output_logits_soft_cap", "30", "a number"),
        ("use_attn_scale", "False", "True or False"),
        ("attn_only", "False", "True or False"),
        ("use_local_attn", "no", "True or False"),
        ("parallel_attn_mlp", None, "True or False"),
        ("attn_types", "local", "a list of 'global' or 'local'"),
    ],
)
def test_a_field_of_another_kind_is_refused(field, value, says):
    state = HookedTransformer(BASE).state_dict()
    why = re.escape(f"from_state_dict: config has {field}={value!r}; it must be {says}.")
    with pytest.raises(UnsupportedModel, match=why):
        mi.Transformer.from_state_dict(state, config=BASE | {field: value})


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("eps", -1.0, "eps=-1.0 must be 0 or more"),
        ("eps", float("nan"), "eps=nan must be 0 or more"),
        ("rotary_base", 0.0, "rotary_base=0.0 must be more than 0"),
    ],
)
def test_a_number_that_makes_no_network_is_refused(field, value, says):
    state = HookedTransformer(BASE).state_dict()
    with pytest.raises(UnsupportedModel, match=f"config does not fit: mi.TransformerConfig: {says}"):
        mi.Transformer.from_state_dict(state, config=BASE | {field: value})
    with pytest.raises(mi.errors.MIError, match=says):
        small_transformer(**{field: value})
