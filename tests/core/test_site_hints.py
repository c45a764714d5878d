"""A name that is no site says which it probably is."""

import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.sites import named
from tests.conftest import small_gpt2

MEANT = {
    "resid_pots": "at.resid_post",
    "mlp_ot": "at.mlp_out",
    "patern": "at.pattern",
    "hook_z": "at.z",
    "hook_pattern": "at.pattern",
    "blocks.3.hook_resid_pots": "at.resid_post[3]",
    "blocks.3.hook_z": "at.z[3]",
    "blocks.2.attn.hook_result": "at.z[2]",
    "blocks.2.hook_mlp_in": "at.resid_mid[2]",
    "resid_final": "at.resid_post[-1]",
    "ln_final": "at.resid_post[-1]",
    "transformer.h.3.mlp": "at.mlp_out[3]",
    "transformer.h.3": "at.resid_post[3]",
    "model.layers.7.self_attn": "at.attn_out[7]",
    "gpt_neox.layers.0.attention": "at.attn_out[0]",
    "model.layers.1.mlp.act_fn": "at.mlp_post[1]",
    "transformer.wte": "at.embed",
    "lm_head": "at.logits",
    "attentions": "at.pattern",
    "hidden_states": "at.resid_post",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_name_elsewhere_or_a_slip_says_the_site(name):
    said = f"{name!r} names no site: did you mean {MEANT[name]}? Names are embed, resid_pre, "
    with pytest.raises(mi.errors.SiteError) as error:
        named(name)
    assert str(error.value).startswith(said)
    assert isinstance(eval(MEANT[name], {"at": at}), type(at.z))


def test_what_is_near_nothing_lists_the_sites():
    with pytest.raises(mi.errors.SiteError, match=r"'xyzzy' names no site\. Names are embed, "):
        named("xyzzy")
    with pytest.raises(AttributeError, match=r"There is no at\.xyzzy\. Sites are at\.embed, at\.resid_pre"):
        at.xyzzy  # noqa: B018


def test_it_is_said_wherever_a_name_is_taken():
    with pytest.raises(
        AttributeError, match=r"There is no at\.resid_pots: did you mean at\.resid_post\? Sites are"
    ):
        at.resid_pots  # noqa: B018
    model = mi.load(small_gpt2())
    run = model.run([[1, 2]], keep=[at.z])
    for use in (
        lambda: model.run([[1, 2]], keep=["transformer.h.1.mlp"]),
        lambda: run["transformer.h.1.mlp"],
        lambda: mi.ablate("transformer.h.1.mlp"),
    ):
        with pytest.raises(mi.errors.SiteError, match=r"did you mean at\.mlp_out\[1\]\?"):
            use()
    assert not hasattr(at, "__path__")
