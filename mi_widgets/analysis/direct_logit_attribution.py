"""Direct logit attribution: who writes the answer into the residual stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MIError, NotKept
from mi_widgets.core.given_prompts import plain_list
from mi_widgets.core.prompts import Answer, PromptPair, two_answers
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import plain_texts
from mi_widgets.model.run import Run

from .pairs import Answers, answers_of

By = Literal["sublayer", "head", "pos", "neuron"]
AnswerTexts = (
    PromptPair | Sequence[str] | Sequence[int] | Sequence[PromptPair] | Sequence[tuple[Answer, Answer]]
)
_STREAM = ("embed", "resid_pre", "resid_mid", "resid_post")
_WITHIN = {
    "attn": ("q", "k", "v", "scores", "pattern", "z", "attn_out"),
    "mlp": ("mlp_pre", "mlp_post", "mlp_out"),
}
_REST = "the parts do not add up to the logit difference: something else writes too, such as a hook (the term `rest`)"
_SUM = "Elhage et al. 2021, A Mathematical Framework for Transformer Circuits; Wang et al. 2022 (arXiv:2211.00593), 3.1"


@dataclass(frozen=True)
class _Terms:
    """Summands of one kind: their names, what each adds in each prompt, and where they are in the model."""

    names: Sequence[str]
    values: Float[Tensor, "batch n"]
    layer: int = -1
    heads: Sequence[int] = ()
    positions: Sequence[int] = ()
    neurons: Sequence[int] = ()

    @classmethod
    def one(cls, name: str, value: Float[Tensor, " batch"], layer: int = -1) -> _Terms:
        """A single one."""
        return cls([name], value[:, None], layer)


@recorded
def direct_logit_attribution(run: Run, answers: AnswerTexts, *, by: By = "head") -> Result:
    """What every part of the model adds directly to the logit of one answer over another, after the last token.

    The last residual is a sum of what was written into it; the final norm's scale is held as it is, so that the logit
    difference is a sum too. What a part does by way of later parts is theirs here: see `mi.activation_patching`.

    Args:
        run: one that kept what `by` needs: `at.resid_pre[0]`, `at.attn_out`, `at.mlp_out` and the last
            `at.resid_post`; by head also `at.z`; by position `at.pattern` and `at.v` too; by neuron `at.mlp_post`.
        answers: the two texts to compare, (right, wrong), or their token ids; or a pair that has them; or for several
            prompts a list of pairs, or of such answers. Numbers are ids, never text.
        by: `"sublayer"`: attention and MLP of each layer; `"head"`: each head and MLP; `"pos"`: each head and the
            token whose value it moves; `"neuron"`: each attention and each neuron.

    Returns:
        Result (batch, term) in nats, positive for what speaks for the right answer, with coordinates `layer`, `head`,
        `pos` and `neuron` (-1 where a term has none), and the variable `logit_diff` (batch), to which the terms add
        up. What no head or neuron writes (biases, interventions, in half precision rounding) has terms of its own;
        what nothing explains is `rest`, with a warning. In models that cap their logits (Gemma 2) it is the difference
        before the cap.

    Raises:
        NotKept: the run lacks a site; the message has all that are needed.
        PromptError: an answer that is not one token.
        UnsupportedModel: what single heads, or neurons, write cannot be told by weights.
        MIError: no such `by`, another number of pairs than prompts, or weights that have changed since the run.

    Source: Elhage et al. 2021; Wang et al. 2022 (arXiv:2211.00593), section 3.1. The embedding is one term, token and
    position together.
    """
    if by not in get_args(By):
        raise MIError(
            f"mi.direct_logit_attribution: by={by!r} is not known; allowed: {', '.join(get_args(By))}."
        )
    run.check_weights()
    compared = _answers(run, answers)
    _check_kept(run, by)
    reader = _Reader(run, compared)
    terms, how = list(_terms(run, reader, by)), run.provenance(sites=_sites(run, by))
    lost = reader.logit_diff - torch.cat([some.values for some in terms], -1).sum(-1)
    if lost.abs().max() > 1e-4 * max(1.0, float(reader.logit_diff.abs().max())):
        # Interventions on the residual stream put in what no part has written; half precision rounds every sum.
        on_stream = any(i.site.name in _STREAM for i in run.interventions)
        rounds = run.model.dtype.itemsize < 4
        terms.append(_Terms.one("interventions" if on_stream else "rounding" if rounds else "rest", lost))
        if not (rounds or on_stream):
            how = replace(how, warnings=(*how.warnings, _REST))
    names = [name for some in terms for name in some.names]
    where = {
        "layer": np.repeat([some.layer for some in terms], [len(some.names) for some in terms]),
        "head": _numbers(terms, "heads"),
        "pos": _numbers(terms, "positions"),
        "neuron": _numbers(terms, "neurons"),
    }
    values = torch.cat([some.values for some in terms], -1).cpu().numpy()
    return Result(
        kind="direct_logit_attribution",
        title="Direct logit attribution",
        dataset=xr.Dataset(
            {
                "contribution": (("batch", "term"), values),
                "logit_diff": (("batch",), reader.logit_diff.cpu().numpy(), {"units": "nats"}),
                "source_token": (("batch", "term"), _texts(run, where["pos"])),
            },
            coords={
                "term": names,
                "batch": np.arange(len(values)),
                **{axis: ("term", numbers) for axis, numbers in where.items()},
                **{
                    name: ("batch", _answer_texts(run, getattr(compared, name)))
                    for name in ("right", "wrong")
                },
            },
        ),
        primary="contribution",
        unit="nats",
        source=_SUM,
        provenance=how,
    )


def _numbers(terms: Sequence[_Terms], what: str) -> np.ndarray:
    """Of every term its head, position or neuron; -1 where it has none."""
    return np.concatenate([list(getattr(some, what)) or [-1] * len(some.names) for some in terms])


class _Reader:
    """The logit difference at the last token of each prompt, as a linear function of what is written there."""

    def __init__(self, run: Run, answers: Answers) -> None:
        unembedding = run.model.unembedding
        self.rows, self.last, self.device = torch.arange(len(run.ids)), run.tokenized.last, run.model.device
        resid = self.at_last(run[at.resid_post[run.model.config.n_layers - 1]])
        both = torch.cat([answers.right, answers.wrong])
        right, wrong = unembedding.directions(both).to(self.device).T.chunk(2)
        # (batch, d_model): a dot product with it is nats
        self.direction = (right - wrong) * unembedding.scale(resid)[:, None].to(self.device)
        right_bias, wrong_bias = unembedding.biases(both).chunk(2)
        self.bias = (right_bias - wrong_bias).to(self.device)
        logits = unembedding.logits(resid, capped=False).to(self.device).float()
        of_right, of_wrong = (
            logits[self.rows, ids.to(self.device)] for ids in (answers.right, answers.wrong)
        )
        self.logit_diff = of_right - of_wrong

    def at_last(self, x: Tensor) -> Tensor:
        return x[self.rows, self.last.to(x.device)].detach().to(self.device)

    def read(self, written: Float[Tensor, "batch ... d_model"]) -> Float[Tensor, "batch ..."]:
        return torch.einsum("b...d,bd->b...", written.float(), self.direction)


def _terms(run: Run, reader: _Reader, by: By) -> Iterator[_Terms]:
    config = run.model.config
    yield _Terms.one("embed", reader.read(reader.at_last(run[at.resid_pre[0]])))
    for layer in range(config.n_layers):
        attn_out = reader.at_last(run[at.attn_out[layer]]).float()
        if by in ("sublayer", "neuron"):
            yield _Terms.one(f"L{layer}.attn", reader.read(attn_out), layer)
        else:
            yield from _attention(run, reader, layer, attn_out, by)
        if not _has_mlp(run):
            continue
        mlp_out = reader.at_last(run[at.mlp_out[layer]]).float()
        if by == "neuron":
            yield from _neurons(run, reader, layer, mlp_out)
        else:
            yield _Terms.one(f"L{layer}.mlp", reader.read(mlp_out), layer)
    yield _Terms.one("bias", reader.bias.expand(len(run.ids)))


def _attention(run: Run, reader: _Reader, layer: int, attn_out: Tensor, by: By) -> Iterator[_Terms]:
    writing = run.model.heads_write(layer)
    z = reader.at_last(run[at.z[layer]]).float()
    # A norm behind is held at the size that it found, whatever was put into the stream beside it.
    held = reader.direction * writing.size_after(z).to(reader.direction)
    directions = torch.einsum("hdm,bm->bhd", writing.matrix.to(reader.direction), held)
    heads = range(z.shape[1])
    if by == "head":
        values = torch.einsum("bhd,bhd->bh", z, directions)
        yield _Terms([f"L{layer}.H{head}" for head in heads], values, layer, heads)
    else:
        v = run[at.v[layer]].detach().to(reader.direction)
        v = v.where(run.mask[..., None, None].to(v.device), 0)  # nothing is moved from padding
        v = v.repeat_interleave(z.shape[1] // v.shape[2], 2)
        attended = reader.at_last(run[at.pattern[layer]].detach().movedim(1, 2)).float()  # (batch, head, key)
        moved = attended.nan_to_num() * torch.einsum("bkhd,bhd->bhk", v, directions)
        both = [(head, pos) for head in heads for pos in range(moved.shape[2])]
        names = [f"L{layer}.H{head} from {pos}" for head, pos in both]
        values = moved.flatten(1)
        yield _Terms(names, values, layer, *map(list, zip(*both, strict=True)))
    yield from _outside_parts(run, reader, layer, "attn", attn_out, values)


def _neurons(run: Run, reader: _Reader, layer: int, mlp_out: Tensor) -> Iterator[_Terms]:
    writing = run.model.neurons_write(layer)
    neurons = reader.at_last(run[at.mlp_post[layer]]).float()
    held = reader.direction * writing.size_after(neurons).to(reader.direction)
    values = neurons * (held @ writing.matrix.to(reader.direction).T)
    numbers = range(values.shape[1])
    yield _Terms([f"L{layer}.N{neuron}" for neuron in numbers], values, layer, neurons=numbers)
    yield from _outside_parts(run, reader, layer, "mlp", mlp_out, values)


def _outside_parts(
    run: Run, reader: _Reader, layer: int, sublayer: str, written: Tensor, values: Tensor
) -> Iterator[_Terms]:
    """What a sublayer writes beside its heads or neurons: its bias, or what an intervention has put there."""
    rest = reader.read(written) - values.sum(1)
    # Families without a bias have nothing there but rounding.
    if rest.abs().max() <= _rounding(run) * max(1.0, float(values.abs().sum(1).max())):
        return
    changed = any(i.site.layer == layer and i.site.name in _WITHIN[sublayer] for i in run.interventions)
    yield _Terms.one(f"L{layer}.{sublayer} {'interventions' if changed else 'bias'}", rest, layer)


def _rounding(run: Run) -> float:
    """How much of a sum may be lost in the model's dtype."""
    return 1e-5 if run.model.dtype.itemsize >= 4 else 0.02


def _has_mlp(run: Run) -> bool:
    return "mlp_out" in run.model.architecture.places  # experts have no width in common


def _sites(run: Run, by: By) -> list[str]:
    names = ["resid_pre", "attn_out", "resid_post", *(["mlp_out"] if _has_mlp(run) else [])]
    more = {"sublayer": [], "head": ["z"], "pos": ["z", "pattern", "v"], "neuron": ["mlp_post"]}
    return [*names, *more[by]]


def _check_kept(run: Run, by: By) -> None:
    last = run.model.config.n_layers - 1
    single = {"resid_pre": at.resid_pre[0], "resid_post": at.resid_post[last]}
    needed = [single.get(name, Site(name)) for name in _sites(run, by)]
    for site in needed:
        missing = [layer for layer in run.model.layers_of(site) if (site.name, layer) not in run.kept]
        if missing:
            raise NotKept(
                f"mi.direct_logit_attribution by {by} needs sites that the run did not keep, {site!r} among them: "
                f"model.run(prompt, keep={needed!r})."
            )


def _answers(run: Run, given: AnswerTexts) -> Answers:
    pairs = [given] if isinstance(given, PromptPair) else given
    if len(pairs) and all(isinstance(pair, PromptPair) for pair in pairs):
        texts = [pair.answers for pair in pairs if isinstance(pair, PromptPair)]
    else:
        both = plain_list(plain_texts(given))
        several = (
            isinstance(both, (list, tuple))
            and len(both)
            and all(isinstance(two, (list, tuple)) for two in both)
        )
        texts = [two_answers("mi.direct_logit_attribution", two) for two in (both if several else [given])]
    if len(texts) not in (1, len(run.ids)):
        raise MIError(
            f"mi.direct_logit_attribution: the run has {len(run.ids)} prompts, but {len(texts)} pairs were given: "
            "give one for all, or one each."
        )
    found = answers_of(run.model, texts)
    n = len(run.ids)
    return Answers(found.right.expand(n), found.wrong.expand(n))


def _answer_texts(run: Run, ids: Tensor) -> list[str]:
    return run.model.vocabulary_of(ids.tolist())


def _texts(run: Run, positions: np.ndarray) -> np.ndarray:
    """The token at each of some positions in each prompt, "" for -1."""
    return np.array([[*row, ""] for row in run.tokens])[:, positions]
