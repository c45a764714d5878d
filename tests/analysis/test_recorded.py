"""Every public function that makes a Result says every argument, and its code gives equal numbers in a new process."""

import inspect
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.recording import is_recorded
from mi_widgets.core.script import code_of

ROOT = Path(__file__).parents[2]
TEXAS = "For people in Texas, the capital of their state is"
OHIO = "For people in Ohio, the capital of their state is"
PAIR = mi.PromptPair(TEXAS, OHIO, (" Austin", " Columbus"))
KIND = ["The day was good. Everyone was happy.", "A fine morning. They were glad.", "It was good."] * 2
UNKIND = ["The day was bad. Everyone was sad.", "A bleak morning. They were cross.", "It was bad."] * 2
SITE = at.resid_post[2]


@cache
def every_case():
    """Function -> how it is called with each of its parameters away from its default."""
    atlas, sae = mi.load("atlas"), mi.load_sae("atlas-2")
    grokked = mi.load("modadd-113")
    run = atlas.run(
        TEXAS, keep=[at.pattern, at.resid_post, at.resid_pre, at.z, at.mlp_out, at.embed, at.attn_out, at.v]
    )
    means = mi.mean_activations(atlas, [TEXAS, OHIO], at.z, by_position=True)
    toy = mi.superposition("plane")
    marks = [mi.Mark(i, 9, "tone", "kind") for i in range(6)]
    patching = {"metric": mi.probability, "batch": 1, "progress": False}
    halves = {"layers": [1, 2], "positions": [3, 10], "by": ("pos", "layer"), "heads": None}
    return {
        mi.activation_patching: [
            ((atlas, PAIR, at.resid_pre), {**patching, **halves}),
            ((atlas, PAIR, at.z), {"heads": [1], "layers": [3], "progress": False}),
        ],
        mi.attention: [((run,), {})],
        mi.attribution_patching: [((atlas, [PAIR], at.z), {**patching, "by": ("head", "layer")})],
        mi.composition_scores: [((atlas,), {"n": 4, "seed": 2})],
        mi.copying_score: [((mi.load("induction-2l"),), {})],
        mi.dimensions_per_feature: [((toy,), {})],
        mi.direct_logit_attribution: [((run, PAIR), {"by": "sublayer"})],
        mi.evaluate_sae: [((sae, atlas, KIND), {"marks": marks, "site": SITE, "seed": 3, "progress": False})],
        mi.faithfulness: [
            (
                (atlas, iter([at.z[1, 3], at.z[2, 0]]), PAIR),
                {"means": means, "draws": 2, "seed": 1, **patching},
            )
        ],
        mi.feature_geometry: [((toy,), {})],
        mi.features: [
            (
                (sae, atlas, KIND),
                {
                    "marks": marks,
                    "site": SITE,
                    "contexts": 2,
                    "around": 3,
                    "tokens": 4,
                    "near": 2,
                    "progress": False,
                },
            )
        ],
        mi.fourier_norms: [((torch.arange(35.0).reshape(7, 5).sin(),), {})],
        mi.fourier_spectrum: [((grokked,), {"neurons": [3], "logits": [7]})],
        mi.frequency_ablation: [((grokked,), {})],
        mi.head_scores: [((atlas, "induction"), {"length": 9, "n": 2, "seed": 5})],
        mi.in_context_learning_score: [
            ((mi.load("induction-2l"),), {"early": (3, 5), "late": (20, 30), "n": 4, "seed": 1}),
            ((atlas, [TEXAS, OHIO]), {"early": (1, 3), "late": (8, 10)}),
        ],
        mi.interference: [((toy,), {})],
        mi.key_frequencies: [((grokked,), {})],
        mi.knock_outs: [
            ((atlas, PAIR, at.mlp_out), {"by": ("layer",), **patching}),
            ((atlas, PAIR), {"means": means}),
        ],
        mi.latents: [((run, sae), {"site": SITE})],
        mi.logit_lens: [((run, at.resid_pre), {"tokens": [" Austin"], "top": 3, "progress": False})],
        mi.logit_trig_fit: [((grokked,), {"frequencies": [14, 35]})],
        mi.loss_per_token: [((run,), {})],
        mi.mean_activations: [
            ((atlas, [TEXAS, OHIO], at.mlp_out), {"by_position": True, "batch": 1, "progress": False})
        ],
        mi.mean_difference: [((atlas, KIND, UNKIND, SITE.every(".")), {"progress": False})],
        mi.neuron_frequencies: [((grokked,), {})],
        mi.neuron_logit_map: [((grokked,), {"frequencies": [14, 35]})],
        mi.path_patching: [((atlas, PAIR, [at.q[3, 1], at.v[3, 1].pos(-1)]), {**patching, "layers": [0]})],
        mi.principal_component: [((atlas, KIND, SITE), {"number": 1, "progress": False})],
        mi.probe: [((atlas, KIND, UNKIND, SITE), {"penalty": 2.0, "seed": 4, "progress": False})],
        mi.progress_measures: [
            ((grokked,), {"frequencies": [14], "train": mi.modular_sums(113, "train", seed=1)})
        ],
        mi.random_direction: [((mi.mean_difference(atlas, KIND, UNKIND, SITE),), {"seed": 3})],
        mi.repeat_accuracy: [((atlas,), {"length": 8, "n": 2, "seed": 6})],
        mi.steering_effect: [
            (
                (atlas, mi.steer(SITE, mi.mean_difference(atlas, KIND, UNKIND, SITE), scale=2.0), TEXAS),
                {
                    "probes": {"tone": mi.probe(atlas, KIND, UNKIND, SITE)},
                    "texts": [TEXAS, OHIO],
                    "max_new_tokens": 5,
                    "temperature": 0.7,
                    "seed": 3,
                    "control_seed": 2,
                },
            )
        ],
        mi.Model.run: [
            (
                (atlas, [TEXAS, "In Ohio"]),
                {
                    "keep": [at.z[1], "resid_post"],
                    "padding_side": "left",
                    "keep_on": "cpu",
                    "keep_dtype": torch.bfloat16,
                },
            ),
            ((atlas, [[5, 6, 7]]), {"grad": True, "keep": [at.mlp_out]}),
        ],
        mi.Model.sweep: [
            (
                (atlas, TEXAS, mi.ablate, at.z),
                {
                    "metric": first_logit,
                    "by": ("head", "layer"),
                    "layers": [1],
                    "heads": [0, 2],
                    "read": 4,
                    "positions": None,
                    "progress": False,
                },
            )
        ],
        mi.Run.next_tokens: [((run, 3), {})],
    }


def first_logit(logits):
    """A metric of the user's."""
    return logits[:, 5]


# Trained or loaded elsewhere: their own tests run their code.
ELSEWHERE = {mi.load_sae, mi.superposition, mi.train_sae, mi.train_superposition}


def test_every_recorded_function_is_tested_with_every_parameter():
    public = [getattr(mi, name) for name in mi.__all__]
    methods = [*vars(mi.Model).values(), *vars(mi.Run).values()]
    functions = filter(inspect.isfunction, [*public, *methods])
    cases = every_case()
    recorded = {function for function in functions if is_recorded(function)} - ELSEWHERE
    assert recorded == set(cases)
    for function, calls in cases.items():
        signature = inspect.signature(function)
        away = {
            name
            for given, options in calls
            for name, value in signature.bind(*given, **options).arguments.items()
            if value is not None
        }
        assert away == set(signature.parameters) - ({"positions"} if function is mi.Model.sweep else set())


def test_code_says_every_argument_and_gives_equal_numbers_in_a_new_process(tmp_path):
    scripts, wanted = [], []
    for function, calls in every_case().items():
        for given, options in calls:
            result = function(*given, **options)
            code = code_of(result.record, "result")
            for name, value in options.items():
                assert value is None or f"{name}=" in code, (function.__name__, name)
            scripts.append(code.replace("metric = ...", "metric = lambda logits: logits[:, 5]"))
            wanted.append(_numbers(result))
            (tmp_path / f"{len(wanted)}.txt").write_text(code)
    path = tmp_path / "scripts.json"
    path.write_text(json.dumps(scripts))
    np.savez(tmp_path / "wanted.npz", *wanted)
    command = [sys.executable, "-c", _AGAIN, str(path), str(tmp_path / "found.npz")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert not done.returncode, done.stderr[-3000:]
    with np.load(tmp_path / "found.npz") as found:
        for i, numbers in enumerate(wanted):
            np.testing.assert_allclose(found[f"arr_{i}"], numbers, atol=1e-4, rtol=1e-4, err_msg=scripts[i])


_AGAIN = """
import json, sys
import numpy as np, torch
import mi_widgets as mi
from tests.analysis.test_recorded import _numbers

torch.set_num_threads(1)
found, matrix = [], torch.arange(35.0).reshape(7, 5).sin()
for script in json.loads(open(sys.argv[1]).read()):
    names = {"brought": matrix}
    exec(script.replace("matrix = ...", "matrix = brought"), names)
    found.append(_numbers(names["result"]))
np.savez(sys.argv[2], *found)
"""


def _numbers(made) -> np.ndarray:
    if isinstance(made, mi.Run):
        return made.logits.detach().float().numpy()
    return made.tensor.numpy() if isinstance(made, mi.Array) else np.asarray(made.values)
