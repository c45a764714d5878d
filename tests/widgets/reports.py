"""Reports of what was checked of a model, without a model."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.results import Result
from tests.provenance import provenance_of

HELD = (
    ("logits as the plain module's", "ok", "largest difference 1.2e-06", ""),
    ("attention rows sum to 1", "ok", "largest difference 2.4e-07", "pattern[0], pattern[1]"),
    ("editing attention changes the logits", "ok", "halving layer 0 moves them by 1.8", "pattern[0]"),
    ("tokenizer round trip", "ok", "12 of 12 texts come back as they were", ""),
    ("dtype", "ok", "float32, as the weights were stored", ""),
    ("final norm", "ok", "ln_final(resid_post[1]) times W_U gives the logits", "resid_post[1]"),
    (
        "residual stream adds up",
        "ok",
        "largest difference 3.1e-06",
        "resid_pre[0], resid_mid[0], resid_post[0]",
    ),
    ("tied embeddings", "ok", "W_E and W_U are two matrices", ""),
    ("padding", "ok", "a row reads the same alone and beside a longer one", ""),
    ("evaluation mode", "ok", "dropout is off", ""),
    ("causal mask", "ok", "no key lies after its query", ""),
    ("same run twice", "ok", "the same logits, bit for bit", ""),
)
NOTES = (
    (
        "BOS",
        "note",
        "the tokenizer puts none in front, and the model was trained without one: the first token is an ordinary one",
        "",
    ),
    (
        "biases",
        "note",
        "the value biases are folded into the output of attention",
        "attn_out[0], attn_out[1]",
    ),
)
WARNING = (
    "attention backend",
    "warning",
    "the module computes attention with sdpa, which gives no pattern: patterns and scores were computed again from "
    "queries and keys, and an edit of them does not reach the logits",
    "pattern[0], pattern[1], scores[0], scores[1]",
)

Row = tuple[str, str, str, str]


def report(
    *rows: Row,
    held: int = 12,
    notes: int = 2,
    warnings: Sequence[Row] = (),
    model: str = "induction-2l",
    call: str = "model.trust.to_result()",
) -> Result:
    """A Result of kind "trust", of a model that can be trusted unless told otherwise.

    Args:
        rows: More checks, in front: name, status, what was seen, sites.
        held: How many of those that held.
        notes: How many of the notes.
        warnings: Those that failed, behind the others.
        model: Its name.
        call: The expression that makes the Result.
    """
    checks = [*rows, *HELD[:held], *NOTES[:notes], *warnings]
    names, status, seen, sites = (np.array(texts, dtype=object) for texts in zip(*checks, strict=True))
    failed = status == "warning"
    return Result(
        kind="trust",
        title="Trust",
        dataset=xr.Dataset(
            {
                "held": ("check", (~failed).astype(np.int64)),
                "status": ("check", status),
                "seen": ("check", seen),
                "sites": ("check", sites),
            },
            coords={"check": names},
        ),
        primary="held",
        unit="held",
        source="",
        provenance=provenance_of(
            call,
            model=model,
            warnings=tuple(f"{name}: {said}" for name, said in zip(names[failed], seen[failed], strict=True)),
        ),
    )
