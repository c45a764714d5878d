"""A wrong kind of thing is refused in one way: what was given, what is wanted, and the line to write."""

import inspect
import re
from contextlib import suppress

import pytest
import torch
from traitlets import TraitError

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
LIBRARY_MADE = (mi.Model, mi.Run, mi.Generation, mi.interventions.Stack)
# Also the classes whose objects a user makes: panels, views, pairs.
FUNCTIONS = {
    name: function
    for name, function in every_public().items()
    if callable(function)
    and not (inspect.isclass(function) and (issubclass(function, Exception) or function in LIBRARY_MADE))
}
ACCEPTED = {"Pairs": "PromptPair", "AnswerTexts": "PromptPair", "Activations": "Run"}
NEEDED = {
    "model": THINGS["Model"],
    "run": THINGS["Run"],
    "sae": THINGS["SAE"],
    "toy": THINGS["ToyModel"],
    "like": DIRECTION,
    "site": at.resid_post[1],
    "pairs": PAIR,
    "answers": PAIR.answers,
    "n": 2,
    "analysis": mi.copying_scores,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_refuses_what_it_cannot_use_in_words(name):
    function, parameters = FUNCTIONS[name], inspect.signature(FUNCTIONS[name]).parameters.values()
    needed = [
        p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    usual = {p.name: NEEDED.get(p.name, ["abcd", "efgh"]) for p in needed}
    for parameter in needed:
        draws = name.startswith("mi.views.") and parameter.name in ("result", "measures")
        wanted = "Result" if draws else str(parameter.annotation)
        for kind, thing in THINGS.items():
            if kind in ACCEPTED.get(wanted, wanted) or wanted == "Any":
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
            lambda: mi.logit_lens(run(), 3),
            "mi.logit_lens: site must be a Site, as in at.resid_post[2]; got an int. Write mi.logit_lens(run, site).",
        ),
        (
            lambda: model().run("abcd", keep=[mi.scale(at.z[0, 1], 0)]),
            "model.run: keep must be a list of Sites or a Site, as in at.resid_post[2]; got a list with a Scale in it. "
            "Write model.run(prompt, keep=…).",
        ),
        (
            lambda: mi.sae.dashboards(model(), sae(), {"abcd"}),
            "mi.sae.dashboards: texts must be a list of texts, or of rows of token ids; got a set. Write "
            "mi.sae.dashboards(model, sae, texts).",
        ),
        (
            lambda: mi.directions.mean_difference(model(), run(), ["c"], at.resid_post[1]),
            "mi.directions.mean_difference: texts_a must be a list of texts, or of rows of token ids; got a Run. Write "
            "mi.directions.mean_difference(model, texts_a, "
            "texts_b, site).",
        ),
        (
            lambda: mi.interventions.ablate_sites([at.z[0, 1], model()]),
            "mi.interventions.ablate_sites: sites must be a list of Sites or a Site, as in at.resid_post[2]; got a "
            "list with a Model in it. Write mi.interventions.ablate_sites(sites).",
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
        (
            lambda: model().run(run()),
            "model.run: prompt must be a text, a list of texts, or token ids; got a Run. Write model.run(prompt).",
        ),
        (
            lambda: KINDS["loss_per_token"]().save(None),
            "result.save: path must be a text or a path; got None. Write result.save(path).",
        ),
        (
            lambda: mi.load_result(3),
            "mi.load_result: path must be a text or a path; got an int. Write mi.load_result(path).",
        ),
        (
            lambda: mi.sae.save(sae(), None),
            "mi.sae.save: folder must be a text or a path; got None. Write mi.sae.save(sae, folder).",
        ),
        (
            lambda: mi.sae.train(activations=torch.ones(9, 3), d_sae=4, k=1, resume_file=True),
            "mi.sae.train: resume_file must be a text or a path; got a bool. Write mi.sae.train(d_sae=…, k=…, "
            "resume_file=…).",
        ),
        (
            lambda: mi.faithfulness(model(), 3, PAIR),
            "mi.faithfulness: circuit must be a list of Sites; got an int. Write mi.faithfulness(model, circuit, "
            "pairs).",
        ),
        (
            lambda: mi.sae.dashboards(model(), sae(), ["abcd"], n_neighbors="x"),
            "mi.sae.dashboards: n_neighbors must be a whole number; got a str. Write mi.sae.dashboards(model, sae, "
            "texts, n_neighbors=…).",
        ),
        (
            lambda: mi.steering_effect(model(), mi.steer(at.z[0, 1], [1.0]), "abcd", probes=[DIRECTION]),
            "mi.steering_effect: probes must be a dict, by name; got a list. Write mi.steering_effect(model, steering, "
            "prompt, probes=…).",
        ),
        (
            lambda: mi.TransformerConfig(1, 2, 8, 4, 11, 8, act_fn="tanh"),
            "mi.TransformerConfig: act_fn must be 'relu' or 'gelu' or 'gelu_new' or 'gelu_fast' or 'gelu_pytorch_tanh' "
            "or 'silu' or 'solu' or 'solu_ln'; got a str. Write mi.TransformerConfig(n_layers, "
            "n_heads, d_model, d_head, d_vocab, n_ctx, d_mlp, normalization, act_fn).",
        ),
        (
            lambda: model().generate("abcd", on_token=3),
            "model.generate: on_token must be a function; got an int. Write model.generate(prompt, on_token=…).",
        ),
        (
            lambda: toy().sample("x"),
            "toy.sample: n must be a whole number; got a str. Write toy.sample(n).",
        ),
        (
            lambda: mi.metrics.logit_diff(torch.ones(1, 9), PAIR),
            "mi.metrics.logit_diff: answers must be the token ids (right, wrong); got a PromptPair. Write "
            "mi.metrics.logit_diff(logits, answers).",
        ),
        (
            lambda: mi.FourierPanel(run()),
            "mi.FourierPanel: model must be a Model, as in mi.load(name) or a text; got a Run. Write "
            "mi.FourierPanel(model).",
        ),
        (
            lambda: mi.PatchingPanel(model(), model()),
            "mi.PatchingPanel: pairs must be a PromptPair, as in mi.PromptPair(clean, corrupted, (right, wrong)) or a "
            "list of PromptPairs; got a Model. Write mi.PatchingPanel(model, pairs).",
        ),
        (
            lambda: mi.LatentsPanel(model(), model(), prompt="abcd"),
            "mi.LatentsPanel: sae must be an SAE, as in mi.sae.load(name); got a Model. Write "
            "mi.LatentsPanel(model, sae, prompt=…).",
        ),
        (
            lambda: mi.PromptPair("abcd", run(), ("e", "f")),
            "mi.PromptPair: corrupted must be a text, a list of texts, or token ids; got a Run. Write "
            "mi.PromptPair(clean, corrupted, answers).",
        ),
        (
            lambda: mi.directions.Probe(torch.ones(3), bias=0.0, site=3, provenance=DIRECTION.provenance),
            "mi.directions.Probe: site must be a Site, as in at.resid_post[2]; got an int. Write "
            "mi.directions.Probe(values, bias=…, site=…, provenance=…).",
        ),
        (
            lambda: mi.views.HeatmapView(model()),
            "mi.views.HeatmapView: result must be a Result with two axes or more, as in mi.head_scores(model, "
            '"induction"); got a Model. Write mi.views.HeatmapView(result).',
        ),
        (
            lambda: mi.over_checkpoints("induction-2l", KINDS["loss_per_token"]()),
            "mi.over_checkpoints: analysis must be a function; got a Result. Write mi.over_checkpoints(models, "
            "analysis).",
        ),
    ],
)
def test_what_it_says(call, says):
    with pytest.raises(WrongKind) as caught:
        call()
    assert str(caught.value) == says


# What a user may hold or mistype; a call may take it, refuse it in words, or be one that Python refuses.
ODD = [3, 0.5, "zz", None, [1, 2], {"a": 1}, object(), model(), run(), THINGS["Result"]]


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if name not in ("mi.toys.train", "mi.sae.train")]
)
def test_nothing_odd_ends_in_an_error_of_pythons(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # "zz" is a folder that can be written
    function, parameters = FUNCTIONS[name], inspect.signature(FUNCTIONS[name]).parameters
    needed = {
        p.name: NEEDED.get(p.name, ["abcd", "efgh"])
        for p in parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    for parameter in [p for p in parameters.values() if p.kind is not p.VAR_KEYWORD]:
        for thing in ODD:
            given = needed | {parameter.name: thing}
            more = [given.pop(parameter.name)] if parameter.kind is parameter.VAR_POSITIONAL else []
            with suppress(MIError, TraitError):
                function(*more, **given)


def test_it_is_a_type_error_too():
    with pytest.raises(TypeError):
        mi.attention(model())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mi.head_scores(model()), "mi.head_scores() missing 1 required positional argument: 'kind'"),
        (
            lambda: mi.shipped.sample_texts("atlas"),
            "mi.shipped.sample_texts() missing 1 required keyword-only argument: 'n'",
        ),
        (lambda: model().run(), "model.run() missing 1 required positional argument: 'prompt'"),
        (
            lambda: mi.PromptPair("a"),
            "mi.PromptPair() missing 2 required positional arguments: 'corrupted' and 'answers'",
        ),
        (lambda: mi.attention(run(), of=1), "mi.attention() got an unexpected keyword argument 'of'"),
    ],
)
def test_what_is_missing_is_told_by_the_public_name(call, says):
    with pytest.raises(WrongKind, match=f"^{re.escape(says)}"):
        call()


def test_iterators_are_not_used_up():
    pairs = iter([PAIR, PAIR])
    grid = mi.activation_patching(model(), pairs, at.resid_pre, progress=False)
    assert grid.dims == ("layer", "pos")
