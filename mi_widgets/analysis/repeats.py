"""Random tokens that repeat: the probe on which induction is measured."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Int
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import PromptError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model import Model

from .loss import loss_per_token


@checked
def repeated_tokens(model: Model, *, length: int = 32, n: int = 8, seed: int = 0) -> Int[Tensor, "n pos"]:
    """Rows of random tokens that come twice: `<bos>`, a span, the same span again.

    Within a span every token is different (where the vocabulary allows), so that "the earlier
    occurrence" is one position. Special tokens are left out; `<bos>` comes first where there is one.

    Args:
        model: whose vocabulary to draw from.
        length: the tokens of one span.
        n: how many rows.
        seed: of the draw.

    Raises:
        PromptError: the rows would be longer than the model's context.
    """
    tokenizer = model.tokenizer
    bos = getattr(tokenizer, "bos_token_id", None)
    first = [bos] if bos is not None and bos < model.config.d_vocab else []
    span_length, n_rows = whole(length) or 0, whole(n) or 0
    if span_length < 2 or n_rows < 1 or len(first) + 2 * span_length > model.config.n_ctx:
        raise PromptError(
            f"mi.repeated_tokens(length={length}, n={n}): {model.name} takes {model.config.n_ctx} tokens, so length "
            f"must be a whole number from 2 to {(model.config.n_ctx - len(first)) // 2}, and n at least 1."
        )
    special = set(getattr(tokenizer, "all_special_ids", []))
    words = torch.tensor([i for i in range(model.config.d_vocab) if i not in special])
    generator = seeded(seed)
    rows = []
    for _ in range(n_rows):
        if span_length <= len(words):
            span = words[torch.randperm(len(words), generator=generator)[:span_length]]
        else:
            span = words[torch.randint(len(words), (span_length,), generator=generator)]
        rows.append(torch.cat([torch.tensor(first, dtype=torch.long), span, span]))
    return torch.stack(rows)


@recorded
def repeat_accuracy(model: Model, *, length: int = 32, n: int = 8, seed: int = 0) -> Result:
    """How well the model foresees random tokens when it meets them first, and when they come again.

    Args:
        model: under whatever interventions are active.
        length: the tokens of one span.
        n: how many rows.
        seed: of the rows.

    Returns:
        Result (passage): the share of tokens whose likeliest prediction is right, in the first passage and
        in the repeat; the variable `loss` has the mean loss in nats. The first token of the repeat is left
        out of both: nothing says that the span begins again.

    Source: the repeated random sequences of Olsson et al. 2022 (arXiv:2209.11895), section on head
    activation evaluators.
    """
    run = model.run(repeated_tokens(model, length=length, n=n, seed=seed))
    start = run.ids.shape[1] - 2 * length
    right = run.logits[:, :-1].argmax(-1).cpu() == run.ids[:, 1:]  # column p is about token p + 1
    loss = torch.from_numpy(loss_per_token(run).to_xarray().values)
    passages = [slice(start + 1, start + length), slice(start + length + 1, start + 2 * length)]
    return Result(
        kind="repeat_accuracy",
        title="Repeat accuracy",
        dataset=xr.Dataset(
            {
                "accuracy": (
                    "passage",
                    [right[:, s.start - 1 : s.stop - 1].float().mean().item() for s in passages],
                ),
                "loss": ("passage", [loss[:, s].mean().item() for s in passages], {"units": "nats"}),
            },
            coords={"passage": ["first", "repeat"]},
        ),
        primary="accuracy",
        unit="share of tokens",
        source="Olsson et al. 2022 (arXiv:2209.11895)",
        provenance=model.provenance(seed=seed),
    )
