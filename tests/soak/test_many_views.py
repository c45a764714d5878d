"""Thousands of views and panels are made and closed: nothing of them is left."""

import weakref

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.pictures import VIEWS
from tests.conftest import small_transformer
from tests.core.dictionaries import random_sae
from tests.kinds import KINDS, PAIR
from tests.model.letters import letters
from tests.soak.memory import collected, holders, stays_flat

pytestmark = pytest.mark.soak
VIEWS_OF_A_KIND, PANELS, MODELS = 300, 60, 30


def the_panels(model):
    sae = random_sae(d_in=32, d_sae=24, k=4, site=at.resid_post[1])
    draw = torch.Generator().manual_seed(0)
    push = mi.steer(at.resid_post[1], torch.randn(32, generator=draw))
    return {
        "PatchingPanel": lambda: mi.PatchingPanel(model, PAIR, max_new_tokens=2),
        "LatentsPanel": lambda: mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=2),
        "SteeringPanel": lambda: mi.SteeringPanel(model, {"push": push}, prompt="abcd", max_new_tokens=2),
    }


def new_model():
    return mi.load(small_transformer(), tokenizer=letters())


@pytest.mark.parametrize("kind", sorted(VIEWS))
def test_views_leave_nothing(kind):
    result = KINDS[kind]()

    def once(i):
        view = result.view()
        view.selection = dict(view.selection)
        assert view.code()
        if i % 50 == 0:
            assert view._repr_mimebundle_()[0]["image/png"]
        view.close()

    stays_flat(once, VIEWS_OF_A_KIND)


def test_linked_views_leave_nothing():
    result = KINDS["head_scores"]()

    def once(i):
        first, second = result.view(), result.view()
        mi.views.link(first, second)
        first.selection = {"layer": i % 2, "head": i % 4}
        assert second.selection == first.selection
        first.close()
        second.close()

    stays_flat(once, VIEWS_OF_A_KIND)


def test_figures_leave_nothing():
    lens = KINDS["logit_lens"]()
    stays_flat(lambda _: lens.plot()._repr_png_(), 60)


@pytest.mark.parametrize("name", ["PatchingPanel", "LatentsPanel", "SteeringPanel"])
def test_panels_leave_nothing(name):
    make = the_panels(new_model())[name]

    def once(_):
        panel = make()
        assert panel.wait(30)
        panel.close()

    stays_flat(once, PANELS)


def test_fourier_panels_leave_nothing():
    model = mi.load(small_transformer(n_layers=1, d_vocab=12))

    def once(i):
        panel = mi.FourierPanel(model)
        panel.ablated = (1, 4)[: i % 3]
        panel.close()

    stays_flat(once, PANELS)


def test_models_are_let_go_with_their_panels():
    alive = []
    for _ in range(MODELS):
        model = new_model()
        alive.append(weakref.ref(model.module))
        for make in the_panels(model).values():
            panel = make()
            assert panel.wait(30)
            panel.close()
        del model, make, panel
    collected()
    left = [ref() for ref in alive if ref() is not None]
    assert not left, f"{len(left)} of {MODELS} modules are alive, held by {holders(left[0])}"


def test_results_do_not_keep_their_models():
    alive, results = [], []
    for _ in range(MODELS):
        model = new_model()
        alive.append(weakref.ref(model.module))
        results.append(mi.head_scores(model, "induction", length=4, n=1))
        del model
    collected()
    assert not [ref for ref in alive if ref() is not None]
    assert len({id(result) for result in results}) == MODELS
