"""Every figure that is recorded of a language model of the atlas world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import torch

from mi_widgets.analysis.head_scores import Kind, head_scores
from mi_widgets.analysis.repeats import repeat_accuracy, repeated_tokens
from mi_widgets.model.model import Model
from mi_widgets.zoo.atlas.texts import draw_document, draw_of

from . import questions
from .baselines import NGrams, entropy
from .chain import probes, swaps
from .fairness import gaps
from .registers import WRITTEN, continuations, share_of_true_sums

EXAMPLE = questions.Question("When Mary and John went to the shop, John gave a book to", "Mary", "John")
_TEXTS, _LETTERS = 400, 150  # of documents, all of which then fit into the context
_TWICE, _SHORT = 100, 150  # of those that come twice
COUNTED = 40_000  # texts of training that the counting models have seen
_SEED = 1_000
_SOME = 5  # of what it was trained on, one question in so many


def measures(model: Model, seed: int) -> dict[str, float]:
    """Every figure, on held-out texts; `seed` is that of the training."""
    return {
        **_answers(model),
        **_computed(model),
        **_continuations(model),
        **_repeated(model),
        **gaps(model),
        **_losses(model, seed),
    }


def _answers(model: Model) -> dict[str, float]:
    received = questions.receiver_questions()
    return {
        "the guide's example: logit difference": questions.logit_difference(model, [EXAMPLE]),
        "the guide's example: top-1": questions.share_right(model, [EXAMPLE]),
        "indirect objects: top-1": questions.share_right(model, received),
        "indirect objects: logit difference": questions.logit_difference(model, received),
        "where towns lie": questions.share_right(model, questions.location_questions()[::_SOME]),
        "one hop": questions.share_right(model, questions.one_hop_questions(held_out=True)),
        "two hops": questions.share_right(model, questions.two_hop_questions(held_out=True)),
        "two hops, trained facts": questions.share_right(
            model, questions.two_hop_questions(held_out=False)[::_SOME]
        ),
        "sums": questions.share_right(model, questions.sum_questions(held_out=True)),
        "sums, trained": questions.share_right(model, questions.sum_questions(held_out=False)),
        "decisions follow their grounds": questions.share_right(model, questions.decision_questions()),
    }


def _computed(model: Model) -> dict[str, float]:
    return {
        **probes(model),
        **swaps(model),
        **swaps(model, attribute="code"),
        **swaps(model, attribute="governor"),
    }


def _continuations(model: Model) -> dict[str, float]:
    found, true = {}, 0.0
    for register in WRITTEN:
        written = continuations(model, register)
        found[f"continuations in register, varied, well formed: {register}"] = sum(
            one.is_good for one in written
        ) / len(written)
        if register == "arithmetic":
            true = share_of_true_sums(written)
    return {**found, "sums that it writes are right": true}


_SCORES: dict[str, Kind] = {"prefix matching": "induction", "previous-token score": "previous_token"}


def _repeated(model: Model) -> dict[str, float]:
    random = repeat_accuracy(model, length=50, n=32, seed=_SEED)
    ids = repeated_tokens(model, length=50, n=32, seed=_SEED)
    losses = _nats(model, ids.tolist())
    half = (model.config.n_ctx - 1) // 2
    # Text that repeats itself is left out: it is hardly read better the second time, nor so badly the first.
    rows = [row[1 : 1 + half] for _, row in zip(range(_TWICE), _ordinary(model), strict=False)]
    bos = [model.tokenizer.bos_token_id]
    twice = [_nats(model, [[*bos, *row, *row]])[0] for row in rows]
    first, second = (
        torch.cat([nats[part] for nats, part in zip(twice, parts, strict=True)]).mean().item()
        for parts in ([slice(len(row)) for row in rows], [slice(len(row), None) for row in rows])
    )
    return {
        "random tokens again: accuracy": random.sel(passage="repeat").values.item(),
        "random tokens: second pass's loss over the first's": (
            torch.stack(losses)[:, 50:].mean() / torch.stack(losses)[:, :50].mean()
        ).item(),
        "held-out text: second pass's loss over the first's": second / first,
        **{
            f"best {what} of a head": head_scores(model, kind, length=50, n=32, seed=_SEED)["score"]
            .values.max()
            .item()
            for what, kind in _SCORES.items()
        },
    }


def _losses(model: Model, seed: int) -> dict[str, float]:
    held_out = [_document_ids(model, i, _LETTERS) for i in range(_TEXTS)]
    like_training = [_document_ids(model, i, _LETTERS, held_out=False) for i in range(_TEXTS)]
    counted = [
        model.tokenizer(
            draw_document(draw_of("train", seed, i), held_out=False, letters=_LETTERS).text
        ).input_ids
        for i in range(COUNTED)
    ]
    d_vocab = model.config.d_vocab
    return {
        "loss, held-out text (nats)": _loss(model, held_out),
        "the same, unigrams": NGrams(1, counted, d_vocab).loss(held_out),
        "the same, trigrams": NGrams(3, counted, d_vocab).loss(held_out),
        "the same, untrained": _loss(model.untrained(seed=seed), held_out),
        "the same, what the generator draws": _drawn(held_out, held_out=True),
        "loss, new text of the training's kind (nats)": _loss(model, like_training),
        "that text, what the generator draws": _drawn(like_training, held_out=False),
    }


def _drawn(rows: Sequence[Sequence[int]], *, held_out: bool) -> float:
    """The generator's entropy in nats a token of the documents in these rows."""
    nats = entropy(_SEED, len(rows), _LETTERS, held_out=held_out)
    return nats * len(rows) / sum(len(row) - 1 for row in rows)


def _document_ids(model: Model, i: int, letters: int, *, held_out: bool = True) -> list[int]:
    text = draw_document(draw_of("entropy", _SEED, i), held_out=held_out, letters=letters).text
    return model.tokenizer(text).input_ids


def _ordinary(model: Model) -> Iterator[list[int]]:
    """Held-out documents in which nothing is said again."""
    for i in count():
        text = draw_document(draw_of("ordinary", _SEED, i), held_out=True, letters=_SHORT)
        if not text.of("repeated"):
            yield model.tokenizer(text.text).input_ids


def _loss(model: Model, rows: Sequence[Sequence[int]]) -> float:
    return torch.cat(_nats(model, rows)).mean().item()


def _nats(model: Model, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """The loss of every token but the first, row by row."""
    found = []
    for first in range(0, len(rows), 32):
        some = [list(row) for row in rows[first : first + 32]]
        losses = -model.run(some).logits.log_softmax(-1)
        found += [losses[i, torch.arange(len(row) - 1), torch.tensor(row[1:])] for i, row in enumerate(some)]
    return found
