"""A wrong kind of thing is refused in one way: what was given, what is wanted, and the line to write."""

import inspect

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import MIError, WrongKind
from tests.kinds import ANNOTATIONS, KINDS, PAIR, model, run, sae, toy
from tests.names import every_public

DIRECTION = mi.directions.Direction(
    torch.ones(32), site=at.resid_post[1], provenance=KINDS["loss_per_token"]().provenance
)
# One of every kind that the library has, as a user may hold them.
THINGS = {
    "Model": model(),
    "Run": run(),
    "SAE": sae(),
    "ToyModel": toy(),
    "Result": KINDS["loss_per_token"](),
    "Direction": DIRECTION,
    "Site": at.resid_post[1],
    "Ablate": mi.ablate(at.z[1, 0]),
    "Stack": mi.stack(mi.ablate(at.z[1, 0])),
    "PromptPair": PAIR,
    "Annotation": ANNOTATIONS[0],
}
FUNCTIONS = {
    name: function
    for name, function in every_public().items()
    if callable(function) and not inspect.isclass(function)
}
ACCEPTED = {"Pairs": "PromptPair", "Pair": "PromptPair", "Activations": "Run"}
NEEDED = {
    "model": THINGS["Model"],
    "run": THINGS["Run"],
    "sae": THINGS["SAE"],
    "toy": THINGS["ToyModel"],
    "like": DIRECTION,
    "site": at.resid_post[1],
    "pairs": PAIR,
    "pair": PAIR,
    "n": 2,
    "analysis": mi.copying_score,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_refuses_what_it_cannot_use_in_words(name):
    function, parameters = FUNCTIONS[name], inspect.signature(FUNCTIONS[name]).parameters.values()
    needed = [
        p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    usual = {p.name: NEEDED.get(p.name, ["abcd", "efgh"]) for p in needed}
    for parameter in needed:
        for kind, thing in THINGS.items():
            if (
                kind in ACCEPTED.get(parameter.annotation, parameter.annotation)
                or parameter.annotation == "Any"
            ):
                continue
            with pytest.raises(MIError) as caught:
                function(**usual | {parameter.name: thing})
            assert len(str(caught.value)) > 20


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: mi.attention(model()),
            "mi.attention: run must be a Run, as in model.run(prompt); got a Model. Write mi.attention(run).",
        ),
        (
            lambda: mi.sae.latents(sae(), run()),
            "mi.sae.latents: run must be a Run, as in model.run(prompt); got an SAE. Write mi.sae.latents(run, sae).",
        ),
        (
            lambda: mi.logit_lens(run(), "resid_post"),
            "mi.logit_lens: site must be a Site, as in at.resid_post[2]; got a str. Write mi.logit_lens(run, site).",
        ),
        (
            lambda: mi.directions.mean_difference(model(), run(), ["c"], at.resid_post[1]),
            "mi.directions.mean_difference: texts_a must be a list of texts; got a Run. Write "
            "mi.directions.mean_difference(model, texts_a, "
            "texts_b, site).",
        ),
        (
            lambda: mi.interventions.ablate_sites([at.z[0, 1], model()]),
            "mi.interventions.ablate_sites: sites must be a list of Sites or a Site, as in at.resid_post[2]; got a "
            "list. Write mi.interventions.ablate_sites(sites).",
        ),
        (
            lambda: mi.interventions.apply(at.z[0, 1], None),
            "mi.interventions.apply: function must be a function; got None. Write mi.interventions.apply(site, "
            "function).",
        ),
        (
            lambda: mi.activation_patching(model(), PAIR, at.z, metric="logit_diff"),
            "mi.activation_patching: metric must be a function; got a str. Write mi.activation_patching(model, pairs, "
            "site, metric=…).",
        ),
        (lambda: model().run(run()), "model.run: prompt is no Run. Write model.run(prompt)."),
        (
            lambda: mi.over_checkpoints("induction-2l", KINDS["loss_per_token"]()),
            "mi.over_checkpoints: analysis must be a function; got a Result. Write mi.over_checkpoints(name, "
            "analysis).",
        ),
    ],
)
def test_what_it_says(call, says):
    with pytest.raises(WrongKind) as caught:
        call()
    assert str(caught.value) == says


def test_it_is_a_type_error_too():
    with pytest.raises(TypeError):
        mi.attention(model())


def test_what_is_missing_is_still_told_by_python():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'kind'"):
        mi.head_scores(model())


def test_iterators_are_not_used_up():
    pairs = iter([PAIR, PAIR])
    grid = mi.activation_patching(model(), pairs, at.resid_pre, progress=False)
    assert grid.dims == ("layer", "pos")
