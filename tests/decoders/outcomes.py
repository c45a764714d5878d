"""What becomes of each decoder of transformers, and the list in which that is written."""

import re
from dataclasses import dataclass
from pathlib import Path

import mi_widgets as mi
from tests.model.decoders import small_decoder

LIST = Path(__file__).with_name("list.md")
SITES = (
    *("embed", "resid_pre", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid"),
    *("mlp_pre", "mlp_post", "mlp_out", "resid_post", "logits"),
)


@dataclass(frozen=True)
class Outcome:
    """Of one class: `"whole"`, `"warning"` or `"refused"`, and what there is to say of it."""

    kind: str
    says: str = ""

    @property
    def loaded(self):
        return self.kind != "refused"

    @property
    def whole(self):
        return self.kind == "whole"


def outcome_of(name):
    """Load a small one, and see."""
    try:
        model = mi.load(small_decoder(name))
    except mi.errors.UnsupportedModel as error:
        return Outcome("refused", _reason(name, str(error)))
    lacking = [site for site in SITES if site not in model.architecture.places]
    said = [f"without {', '.join(lacking)}"] if lacking else []
    if not model.continues:
        said.append("no generation")
    warnings = [re.sub(r"[0-9.]+e[+-]?\d+", "…", warning) for warning in model.trust.warnings]
    model.release()
    return Outcome("warning" if warnings else "whole", "; ".join([*warnings, *said]))


def _reason(name, error):
    text = error.removeprefix(f"{name} has no table of sites, and ")
    return text


def written():
    """The list: a class -> its outcome."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.*?) ?\|$", LIST.read_text(), re.MULTILINE) if LIST.exists() else []
    return {name: Outcome(kind, says) for name, kind, says in rows if kind in ("whole", "warning", "refused")}
