"""How every recorded function is called with each of its parameters away from its default, by subject."""

from functools import cache

import numpy as np
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.adding_by_hand import adding_circuit

TEXAS = "For people in Texas, the capital of their state is"
OHIO = "For people in Ohio, the capital of their state is"
PAIR = mi.PromptPair(TEXAS, OHIO, (" Austin", " Columbus"))
KIND = ["The day was good. Everyone was happy.", "A fine morning. They were glad.", "It was good."] * 2
UNKIND = ["The day was bad. Everyone was sad.", "A bleak morning. They were cross.", "It was bad."] * 2
SITE = at.resid_post[2]
PATCHING = {"metric": mi.metrics.probability, "batch_size": 1, "progress": False}
KEPT = [at.pattern, at.resid_post, at.resid_pre, at.z, at.mlp_out, at.embed, at.attn_out, at.v]

load, load_sae = cache(mi.load), cache(mi.sae.load)


def first_logit(logits):
    """A metric of the user's."""
    return logits[:, 5]


@cache
def brought():
    """What the code leaves to the user, by the name of its variable; the same in every process."""
    return {
        "model": mi.load(adding_circuit(11, {1: 5.0, 4: 2.0})),
        "matrix": torch.arange(35.0).reshape(7, 5).sin(),
        "metric": first_logit,
    }


def numbers_of(made):
    """All numbers of what a recorded function returns."""
    if isinstance(made, mi.Run):
        return made.logits.detach().float().numpy()
    return made.tensor.numpy() if isinstance(made, mi.interventions.Array) else np.asarray(made.values)


@cache
def every_case():
    """Function -> its calls, each as (arguments, options)."""
    subjects = (
        runs,
        heads,
        predictions,
        patching,
        circuits,
        directions,
        dictionaries,
        fourier,
        superposition,
    )
    return {function: calls for subject in subjects for function, calls in subject().items()}


@cache
def run():
    """One prompt, with all that is read from a run."""
    return load("atlas").run(TEXAS, keep=KEPT)


@cache
def means():
    """Of every position, for resampling."""
    return mi.mean_activations(load("atlas"), [TEXAS, OHIO], at.z, by_position=True)


def runs():
    """Models and runs."""
    atlas = load("atlas")
    several = {"keep": [at.z[1], "resid_post"], "padding_side": "left", "keep_on": "cpu"}
    swept = {"metric": first_logit, "by": ("head", "layer"), "layers": [1], "heads": [0, 2], "read": 4}
    return {
        mi.Model.run: [
            ((atlas, [TEXAS, "In Ohio"]), {**several, "keep_dtype": torch.bfloat16}),
            ((atlas, [[5, 6, 7], [8, 9, 0]]), {"attention_mask": torch.tensor([[1, 1, 1], [1, 1, 0]])}),
            ((atlas, [[5, 6, 7]]), {"grad": True, "keep": [at.mlp_out]}),
        ],
        mi.Model.sweep: [
            ((atlas, TEXAS, mi.ablate, at.z), {**swept, "positions": None, "progress": False}),
        ],
        mi.Run.next_tokens: [((run(), 3), {})],
        mi.loss_per_token: [((run(),), {})],
        mi.mean_activations: [
            ((atlas, [TEXAS, OHIO], at.mlp_out), {"by_position": True, "batch_size": 1, "progress": False})
        ],
    }


def heads():
    """What heads do."""
    atlas, induction = load("atlas"), load("induction-2l")
    return {
        mi.attention: [((run(),), {})],
        mi.composition_scores: [((atlas,), {"n_random": 4, "seed": 2})],
        mi.copying_scores: [((induction,), {})],
        mi.head_scores: [((atlas, "induction"), {"length": 9, "n": 2, "seed": 5})],
        mi.in_context_learning_score: [
            ((induction,), {"early": (3, 5), "late": (20, 30), "n": 4, "seed": 1}),
            ((atlas, [TEXAS, OHIO]), {"early": (1, 3), "late": (8, 10)}),
        ],
        mi.repeat_accuracy: [((atlas,), {"length": 8, "n": 2, "seed": 6})],
    }


def predictions():
    """What a prediction is made of."""
    lens = {"tokens": [" Austin"], "top_k": 3, "progress": False}
    return {
        mi.direct_logit_attribution: [((run(), PAIR), {"by": "sublayer"})],
        mi.logit_lens: [((run(), at.resid_pre), lens)],
    }


def patching():
    """Putting the activations of one run into another."""
    atlas = load("atlas")
    places = {"layers": [1, 2], "positions": [3, 10], "by": ("pos", "layer"), "heads": None}
    paths = [at.q[3, 1], at.v[3, 1].pos(-1)]
    return {
        mi.activation_patching: [
            ((atlas, PAIR, at.resid_pre), {**PATCHING, **places}),
            ((atlas, PAIR, at.z), {"heads": [1], "layers": [3], "progress": False}),
        ],
        mi.attribution_patching: [((atlas, [PAIR], at.z), {**PATCHING, "by": ("head", "layer")})],
        mi.path_patching: [((atlas, PAIR, paths), {**PATCHING, "layers": [0]})],
    }


def circuits():
    """Taking parts of a model away."""
    atlas, circuit = load("atlas"), iter([at.z[1, 3], at.z[2, 0]])
    return {
        mi.faithfulness: [
            ((atlas, circuit, PAIR), {"means": means(), "n_random": 2, "seed": 1, **PATCHING}),
        ],
        mi.ablation_effects: [
            ((atlas, PAIR, at.mlp_out), {"by": ("layer",), **PATCHING}),
            ((atlas, PAIR), {"means": means()}),
        ],
    }


def directions():
    """Directions, probes, and steering along them."""
    atlas = load("atlas")
    found = mi.directions.mean_difference(atlas, KIND, UNKIND, SITE)
    steered = {
        "probes": {"tone": mi.directions.linear_probe(atlas, KIND, UNKIND, SITE)},
        "texts": [TEXAS, OHIO],
        "max_new_tokens": 5,
        "temperature": 0.7,
        "seed": 3,
        "control_seed": 2,
    }
    return {
        mi.directions.mean_difference: [((atlas, KIND, UNKIND, SITE.every(".")), {"progress": False})],
        mi.directions.principal_component: [((atlas, KIND, SITE), {"component": 1, "progress": False})],
        mi.directions.linear_probe: [
            ((atlas, KIND, UNKIND, SITE), {"l2": 2.0, "seed": 4, "progress": False})
        ],
        mi.directions.random_like: [((found,), {"seed": 3})],
        mi.steering_effect: [((atlas, mi.steer(SITE, found, scale=2.0), TEXAS), steered)],
    }


def dictionaries():
    """Sparse autoencoders."""
    atlas, sae = load("atlas"), load_sae("atlas-2")
    shared = {
        "annotations": [mi.sae.Annotation(i, 9, "tone", "kind") for i in range(6)],
        "site": SITE,
        "progress": False,
    }
    shown = {"n_contexts": 2, "n_around": 3, "n_promoted": 4, "n_neighbors": 2}
    return {
        mi.sae.evaluate: [((atlas, sae, KIND), {**shared, "seed": 3})],
        mi.sae.dashboards: [((atlas, sae, KIND), {**shared, **shown})],
        mi.sae.latents: [((run(), sae), {"site": SITE})],
    }


def fourier():
    """Frequencies, of a circuit for sums modulo 11 whose weights are set by hand."""
    adding, matrix = brought()["model"], brought()["matrix"]
    summed = mi.fourier.Task(11, split=mi.fourier.modular_sums(11, "train", seed=1))
    plain = mi.fourier.Task(11, "a + b", prompt=["a", "b", 11])
    return {
        mi.fourier.norms: [((matrix,), {})],
        mi.fourier.spectrum: [((adding,), {"neurons": [3], "logits": [7], "task": summed})],
        mi.fourier.frequency_ablation: [((adding,), {"task": plain})],
        mi.fourier.key_frequencies: [((adding,), {"task": plain})],
        mi.fourier.logit_trig_fit: [((adding,), {"frequencies": [1, 3], "task": plain})],
        mi.fourier.neuron_frequencies: [((adding,), {}), ((adding,), {"task": mi.fourier.Task(11, "a*b")})],
        mi.fourier.neuron_logit_map: [((adding,), {"frequencies": [1, 3], "task": plain})],
        mi.fourier.progress_measures: [
            ((adding,), {"frequencies": [4], "task": summed}),
            ((adding,), {"task": plain}),
        ],
    }


def superposition():
    """More features than dimensions."""
    toy = mi.toys.load("plane")
    return {
        mi.toys.dimensions_per_feature: [((toy,), {})],
        mi.toys.feature_geometry: [((toy,), {})],
        mi.toys.interference: [((toy,), {})],
    }
