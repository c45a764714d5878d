"""The errors a user can meet: each says what was given, what is allowed and what to do."""


class MIError(Exception):
    """Base of every error that `mi_widgets` raises on purpose."""


class WrongKind(MIError, TypeError):
    """An argument of another kind than the function takes: a Model for a Run, and the like."""


class UnknownModel(MIError):
    """A model name that is neither shipped nor a module that can be wrapped."""


class UnknownCheckpoint(MIError):
    """A step of training of which nothing was kept."""


class DamagedWeights(MIError):
    """A shipped file whose hash differs from the recorded one."""


class UnsupportedModel(MIError):
    """A module that is no decoder whose sites can be found, or of which not all can be done."""


class SiteError(MIError):
    """A site that the model does not have: layer, head or position out of range, or no such name."""


class NotKept(MIError):
    """A site was read from a run that did not keep it."""


class PromptError(MIError):
    """A prompt the model cannot take: empty, too long, or with unknown tokens."""


class InterventionError(MIError):
    """An intervention that cannot be built or does not fit the activation it meets."""


class NestedRun(MIError):
    """A run was opened inside another run of the same model."""


class ResultError(MIError):
    """A Result that cannot be built, read or saved as asked."""


class NotAnArray(ResultError, TypeError):
    """A Result taken for an array where its labels, or several numbers, do not allow it."""


class SelectionError(MIError):
    """A selection that a view does not have."""


class DifferentModel(MIError):
    """`model.require` met another model than the one that code was written for."""


class NotEnoughMemory(MIError):
    """What was to be kept would not fit."""


class MetricError(MIError):
    """A metric that does not return one number a prompt."""


class DictionaryError(MIError):
    """A sparse autoencoder that cannot be built, trained, read or saved as asked."""
