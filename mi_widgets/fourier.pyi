"""Modular arithmetic in the Fourier basis."""

from .analysis.fourier.basis import fourier_basis as basis
from .analysis.fourier.basis import fourier_norms as norms
from .analysis.fourier.logits import frequency_ablation as frequency_ablation
from .analysis.fourier.logits import key_frequencies as key_frequencies
from .analysis.fourier.logits import logit_trig_fit as logit_trig_fit
from .analysis.fourier.neuron_logit_map import neuron_logit_map as neuron_logit_map
from .analysis.fourier.neurons import neuron_frequencies as neuron_frequencies
from .analysis.fourier.progress import progress_measures as progress_measures
from .analysis.fourier.spectrum import fourier_spectrum as spectrum
from .analysis.fourier.spectrum import project_out_frequency as project_out_frequency
from .analysis.fourier.task import Task as Task
from .zoo.modular_addition import modular_sums as modular_sums

__all__ = [
    "Task",
    "basis",
    "frequency_ablation",
    "key_frequencies",
    "logit_trig_fit",
    "modular_sums",
    "neuron_frequencies",
    "neuron_logit_map",
    "norms",
    "progress_measures",
    "project_out_frequency",
    "spectrum",
]
