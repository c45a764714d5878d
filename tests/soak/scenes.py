"""Results of shipped models whose code runs by itself, and what may be done to their views."""

from functools import cache

import mi_widgets as mi
from mi_widgets import sites as at

TEXT = "John Baker gave the old lamp. John Baker gave"
PAIR = mi.PromptPair("John Baker gave the lamp. John", "Mary Baker gave the lamp. John", (" Baker", " gave"))
SENTENCE = "The capital of the state where Dallas lies is Austin"
TEXTS = [SENTENCE, "He found a familiar box on the table"]
STEPS = [0, 300, 2000]
load, load_sae = cache(mi.load), cache(mi.sae.load)


def _induction():
    return load("induction-2l")


def _run(model, *keep, text=TEXT):
    return model.run(text, keep=list(keep))


def _attributed():
    keep = [at.resid_pre[0], at.attn_out, at.resid_post[1], at.z]
    return mi.direct_logit_attribution(_run(_induction(), *keep, text=PAIR.clean), PAIR)


def _over_steps():
    return mi.over_checkpoints(
        "induction-2l", lambda model: mi.attention(_run(model, at.pattern)), steps=STEPS, progress=False
    )


def _latents():
    sae = load_sae("atlas-2")
    return mi.sae.latents(_run(load("atlas"), sae.site, text=SENTENCE), sae)


def _dashboards():
    return mi.sae.dashboards(load("atlas"), load_sae("atlas-2"), TEXTS, progress=False)


SCENES = {
    "activation_patching": lambda: mi.activation_patching(_induction(), PAIR, at.z, progress=False),
    "attention": lambda: mi.attention(_run(_induction(), at.pattern)),
    "attention over a training": _over_steps,
    "composition_scores": lambda: mi.composition_scores(_induction(), n_random=4),
    "copying_scores": lambda: mi.copying_scores(_induction()),
    "direct_logit_attribution": _attributed,
    "feature_geometry": lambda: mi.toys.feature_geometry(mi.toys.load("plane")),
    "dashboards": _dashboards,
    "fourier_spectrum": lambda: mi.fourier.spectrum(load("modadd-113"), neurons=[3]),
    "head_scores": lambda: mi.head_scores(_induction(), "induction", length=8, n=2),
    "interference": lambda: mi.toys.interference(mi.toys.load("plane")),
    "ablation_effects": lambda: mi.ablation_effects(_induction(), PAIR, progress=False),
    "latents": _latents,
    "logit_lens": lambda: mi.logit_lens(_run(_induction(), at.resid_post)),
    "loss_per_token": lambda: mi.loss_per_token(_run(_induction())),
    "trust": lambda: _induction().trust.to_result(),
}
# Where the model can be changed: in the others a cell is no head.
CHANGED = {
    "activation_patching", "attention", "attention over a training", "copying_scores", "direct_logit_attribution",
    "dashboards", "head_scores", "ablation_effects", "latents",
}  # fmt: skip
DICTIONARY = {name: lambda: {"sae": load_sae("atlas-2")} for name in ("latents", "dashboards")}
# What code leaves to the user.
GIVEN = {"dashboards": {"texts": TEXTS, "annotations": ()}}


def gesture(view, name, draw, *, heads=8):
    """Do something at random to a view, as Python or as the browser does it.

    Args:
        view: which.
        name: of its scene.
        draw: numbers at random.
        heads: of each of two layers.

    Returns:
        The part of the selection that was chosen; none where the model was changed instead.
    """
    choices = view.choices()
    if name in CHANGED and draw.random() < 0.3:
        view.intervention = _changes(name, choices, draw, heads)
        return {}
    keys = draw.permutation(list(choices))[: draw.integers(1, len(choices) + 1)]
    chosen = {str(key): choices[key][draw.integers(len(choices[key]))] for key in keys}
    if draw.random() < 0.5:
        view.selection = chosen
    else:
        view.set_state({"selection": {**view.selection, **chosen}})
    return chosen


def _changes(name, choices, draw, heads):
    if name in DICTIONARY:
        site, latents = load_sae("atlas-2"), [latent for latent in choices["latent"] if latent is not None]
        picked = [
            at.latent(site, int(latent))
            for latent in draw.choice(latents, draw.integers(0, 3), replace=False)
        ]
        return mi.stack(
            *(mi.ablate(one) if draw.random() < 0.5 else mi.interventions.replace(one, 2.5) for one in picked)
        )
    off = draw.permutation(2 * heads)[: draw.integers(0, 4)]
    return mi.stack(*(mi.ablate(at.z[int(h) // heads, int(h) % heads]) for h in off))
