"""What becomes of each decoder of transformers, and the list in which that is written."""

import re
from dataclasses import dataclass
from pathlib import Path

import transformers

import mi_widgets as mi
from tests.model.decoders import NOT_BUILT, names, small_decoder

LIST = Path(__file__).with_name("list.md")
SITES = (
    *("embed", "resid_pre", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid"),
    *("mlp_in", "mlp_pre", "mlp_post", "mlp_out", "resid_post", "logits"),
)
KINDS = ("whole", "warning", "refused", "not built")


@dataclass(frozen=True)
class Outcome:
    """Of one class.

    Args:
        kind: one of `KINDS`: every check holds; one does not; no sites; not a model of texts alone, or large.
        says: what it lacks, or why it is refused.
    """

    kind: str
    says: str = ""

    @property
    def loaded(self):
        return self.kind in ("whole", "warning")


def outcome_of(name):
    """Load a small one, and see."""
    if name in NOT_BUILT:
        return Outcome("not built", NOT_BUILT[name])
    try:
        model = mi.load(small_decoder(name))
    except mi.errors.UnsupportedModel as error:
        return Outcome("refused", _short(str(error)))
    lacking = [f"at.{site}" for site in SITES if site not in model.architecture.places]
    said = [_short(warning) for warning in model.trust.warnings]
    said += [f"without {', '.join(lacking)}"] if lacking else []
    said += [] if model.continues else ["without model.generate"]
    kind = "warning" if model.trust.warnings else "whole"
    model.release()
    return Outcome(kind, "; ".join(said))


def _short(text):
    """Without what each message says to do, and without numbers that differ from machine to machine."""
    text = re.sub(r"^\w+ has no table of sites, and (none was found by its structure: )?", "", text)
    text = re.sub(r"\.? (A table is a few lines in|Bring a model that) .*$", "", text)
    text = re.sub(r",? ?(by )?\(?(off )?(by )?up to [0-9.e+-]+\d\)?", "", text)
    return re.sub(r" of up to [0-9.e+-]+\d|by [0-9.e+-]+\d at most", "", text).replace("|", "\\|")


def list_text():
    """The list anew: every decoder is built."""
    found = {name: outcome_of(name) for name in names()}
    counts = ", ".join(f"{sum(o.kind == kind for o in found.values())} {kind}" for kind in KINDS)
    head = (
        f"# The causal language models of transformers {transformers.__version__}\n\n"
        "Each as small as its config lets it be, with random weights, its norms and biases off their ones and\n"
        "zeros: loaded by `mi.load` with every check holding (*whole*), with one that does not hold (*warning*:\n"
        "what concerns it warns or is refused), or *refused*. What loads is compared with plain hooks at every\n"
        "site, by `tests/decoders/test_decoders.py`. Written by `python -m tests.decoders.table`.\n\n"
        f"{counts}.\n\n| | | |\n|---|---|---|\n"
    )
    return head + "".join(f"| {name} | {one.kind} | {one.says} |\n" for name, one in found.items())


def written(text=None):
    """The list: a class -> its outcome."""
    rows = re.findall(r"^\| (\w+) \| ([a-z ]+) \| (.*) \|$", LIST.read_text() if text is None else text, re.M)
    return {name: Outcome(kind, says) for name, kind, says in rows}
