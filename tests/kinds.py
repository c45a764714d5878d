"""A Result of every kind that the package makes, by the function that makes it, on the smallest model that has it."""

from functools import cache

import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.adding_by_hand import adding_circuit
from tests.conftest import small_transformer
from tests.core.dictionaries import random_sae
from tests.model.letters import letters

TEXTS = ["abcdefgh", "hgfedcba", "aabbccdd", "abababab"]
ANNOTATIONS = [
    mi.sae.Annotation(i, p, "letter", text[p - 1]) for i, text in enumerate(TEXTS * 3) for p in (1, 2, 3)
]
PAIR = mi.PromptPair("abcd", "xbcd", ("e", "f"))


@cache
def model():
    """Two layers of four heads, with an MLP and a token for every letter."""
    return mi.load(small_transformer(), tokenizer=letters())


@cache
def adding():
    """A circuit for sums modulo 11, set by hand."""
    return mi.load(adding_circuit(11, {1: 5.0, 4: 2.0}))


@cache
def toy():
    """Four features in a plane, twice, set by hand."""
    angle = torch.arange(4) * torch.pi / 2
    plane = torch.stack([angle.cos(), angle.sin()])
    return mi.toys.ToyModel(torch.stack([plane, plane.flip(1) / 2]), sparsity=[0.0, 0.9])


@cache
def sae():
    """A dictionary of random weights."""
    return random_sae(d_in=32, d_sae=24, k=4, site=at.resid_post[1])


@cache
def run():
    """Two prompts, one shorter."""
    return model().run(["abcde", "fab"], keep=[at.pattern, at.resid_post])


def _history():
    activations = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    return mi.sae.train(
        activations=activations, d_sae=16, k=2, n_tokens=2_000, batch_size=100, progress=False
    ).history


def _attributed():
    everything = [at.resid_pre[0], at.attn_out, at.resid_post, at.mlp_out, at.z]
    alone = model().run("abcd", keep=everything)
    return mi.direct_logit_attribution(alone, PAIR)


KINDS = {
    "activation_patching": lambda: mi.activation_patching(model(), PAIR, at.resid_pre, progress=False),
    "attention": lambda: mi.attention(run()),
    "attribution_patching": lambda: mi.attribution_patching(model(), PAIR, at.z),
    "composition_scores": lambda: mi.composition_scores(model(), n_random=4),
    "copying_scores": lambda: mi.copying_scores(model()),
    "dimensions_per_feature": lambda: mi.toys.dimensions_per_feature(toy()),
    "direct_logit_attribution": _attributed,
    "faithfulness": lambda: mi.faithfulness(
        model(), [at.z[0, 1], at.z[1, 2]], PAIR, n_random=2, progress=False
    ),
    "feature_geometry": lambda: mi.toys.feature_geometry(toy()),
    "dashboards": lambda: mi.sae.dashboards(
        model(), sae(), TEXTS, n_contexts=2, n_around=2, n_promoted=3, n_neighbors=2, progress=False
    ),
    "fourier_norms": lambda: mi.fourier.norms(adding().weights.W_E[:11]),
    "fourier_spectrum": lambda: mi.fourier.spectrum(adding(), neurons=[0, 3], logits=[2]),
    "frequency_ablation": lambda: mi.fourier.frequency_ablation(adding()),
    "head_scores": lambda: mi.head_scores(model(), "induction", length=8, n=2),
    "in_context_learning_score": lambda: mi.in_context_learning_score(
        model(), torch.arange(60).reshape(2, 30) % 27 + 3, early=(2, 5), late=(20, 25)
    ),
    "interference": lambda: mi.toys.interference(toy()),
    "key_frequencies": lambda: mi.fourier.key_frequencies(adding()),
    "ablation_effects": lambda: mi.ablation_effects(model(), PAIR, progress=False),
    "latents": lambda: mi.sae.latents(run(), sae()),
    "logit_lens": lambda: mi.logit_lens(run()),
    "logit_trig_fit": lambda: mi.fourier.logit_trig_fit(adding()),
    "loss_per_token": lambda: mi.loss_per_token(run()),
    "mean_activations": lambda: mi.mean_activations(model(), TEXTS, at.z, by_position=True),
    "neuron_frequencies": lambda: mi.fourier.neuron_frequencies(adding()),
    "neuron_logit_map": lambda: mi.fourier.neuron_logit_map(adding()),
    "next_tokens": lambda: run().next_tokens(4),
    "numbers": lambda: mi.head_scores(model(), "induction", length=4) - 0.1,
    "path_patching": lambda: mi.path_patching(model(), PAIR, progress=False),
    "progress_measures": lambda: mi.fourier.progress_measures(
        adding(), task=mi.fourier.Task(11, split=mi.fourier.modular_sums(11, "train"))
    ),
    "repeat_accuracy": lambda: mi.repeat_accuracy(model(), length=8, n=2),
    "sae_evaluation": lambda: mi.sae.evaluate(
        model(), sae(), TEXTS * 3, annotations=ANNOTATIONS, progress=False
    ),
    "sae_training": _history,
    "steering_effect": lambda: mi.steering_effect(
        model(), mi.steer(at.resid_post[1], torch.ones(32)), "abcd", texts=TEXTS, max_new_tokens=3
    ),
    "sweep": lambda: model().sweep(
        ["abcd", "efgh"],
        lambda site: mi.ablate(site),
        at.z,
        metric=lambda logits: logits[:, 4],
        progress=False,
    ),
    "trust": lambda: model().trust.to_result(),
}
