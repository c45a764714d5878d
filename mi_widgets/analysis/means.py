"""Mean activations: what a part of the model does when it is told nothing of the present prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.ablation import ablate
from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MIError, PromptError, SiteError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.patching import patch
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import WHOLE_MODEL, Site, named, part_axis
from mi_widgets.core.texts import Row
from mi_widgets.model.model import Model

from .pairs import batches, shown

_SOURCE = "Wang et al. 2022 (arXiv:2211.00593), section 2: knock-outs"


@recorded
def mean_activations(
    model: Model,
    texts: Prompt,
    site: Site,
    *,
    by_position: bool = False,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """The mean of an activation over many prompts, for ablations: see `mi.interventions.ablate_sites`.

    Args:
        model: under whatever interventions are active.
        texts: to take the mean over; or token ids, a row a prompt.
        site: which activation, all layers or one.
        by_position: a mean for each position, over texts of one length; otherwise one over all tokens.
        batch_size: prompts that are run at once; only their sum is kept.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        Result (layer, …) with the site's own axes: of `at.z` (layer, head, d_head), by position (layer, pos, head,
        d_head).

    Raises:
        PromptError: no texts; by position, texts of different lengths.
        SiteError: a site with queries and keys, or a part of one.

    Source: Wang et al. 2022, section 2, who take the mean by position over prompts of one template.
    """
    if (
        site.positions is not None
        or site.part is not None
        or site.name in WHOLE_MODEL
        or "query" in site.axes
    ):
        raise SiteError(
            "mi.mean_activations takes a kind of activation of a layer, as in at.z, at.mlp_out or at.z[3]; got "
            f"{site!r}."
        )
    prompts = model.listed(texts)
    if by_position:
        _check_one_length(model, prompts)
    layers = [layer for layer in model.layers_of(site) if layer is not None]
    totals: list[Tensor | float] = [0.0] * len(layers)
    count, parts = 0, list(batches(prompts, batch_size))
    for part in tqdm(parts, desc="means", unit="batch", delay=1, disable=not progress, leave=False):
        run = model.run(part, keep=[site])
        for i, layer in enumerate(layers):
            x = (
                run[Site(site.name, layer)].detach().cpu().double()
            )  # a long sum, and not every device has doubles
            totals[i] = totals[i] + (x.sum(0) if by_position else x[run.mask].sum(0))
        count += len(run.ids) if by_position else int(run.mask.sum())
    total = torch.stack([torch.as_tensor(each) for each in totals])
    axes = ("layer", *[axis for axis in site.axes[1:] if by_position or axis != "pos"])
    labels = {"pos_token": ("pos", list(model.tokenize(prompts[0]).tokens[0]))} if by_position else {}
    return Result(
        kind="mean_activations",
        title=f"Mean {site.name} of {len(prompts)} prompts",
        dataset=xr.Dataset(
            {"mean": (axes, (total / count).float().numpy())},
            coords={"site": site.name, "layer": layers, **labels},
        ),
        primary="mean",
        unit="activation",
        source=_SOURCE,
        provenance=model.provenance(sites=[site.name]),
    )


@checked
def ablate_sites(sites: Iterable[Site] | Site, means: Result | None = None) -> Stack:
    """Take parts of the model out: each becomes what it is on average, or nothing.

    Args:
        sites: which, as in `[at.z[1, 3], at.z[2, 0]]` or `at.mlp_out[0]`.
        means: of `mi.mean_activations`; without, they become zero. Means by position fit prompts of their length.

    Returns:
        interventions for `model.intervene`.

    Raises:
        MIError: means of another kind of site, or of other layers.
    """
    listed = [sites] if isinstance(sites, Site) else list(sites)
    return stack(*[_ablated(site, means) for site in listed])


def _ablated(site: Site, means: Result | None) -> Intervention:
    zero = ablate(site)  # which refuses a site without a layer
    if means is None:
        return zero
    if means.kind != "mean_activations":
        raise MIError(f"mi.interventions.ablate_sites: means come from mi.mean_activations; got {means!r}.")
    of, layers = means.dataset["site"].item(), np.atleast_1d(means.dataset["layer"].values).tolist()
    if site.name != of or site.layer not in layers:
        raise MIError(
            f"mi.interventions.ablate_sites: these are means of at.{of} in layers {layers}, which say nothing of "
            f"{site!r}. Make them with mi.mean_activations(model, texts, {named(site.name)!r})."
        )
    found = means.dataset["mean"]
    found = found.sel(layer=site.layer) if "layer" in found.dims else found
    by_position = "pos" in found.dims
    if by_position and isinstance(site.positions, int) and site.positions >= 0:
        found, by_position = found.isel(pos=site.positions), False
    elif by_position and site.positions is not None:
        raise MIError(
            f"mi.interventions.ablate_sites: means by position need a position counted from the start; got {site!r}."
        )
    mean = torch.from_numpy(
        found.values.copy() if site.part is None else found.isel({part_axis(site): site.part}).values.copy()
    )
    return patch(site, mean[None]) if by_position else ablate(site, to="mean", data=mean)


def check_fit(model: Model, prompts: Sequence[Prompt], means: Result | None) -> None:
    """Raise `PromptError` unless means by position are as long as each of the prompts that they are put into."""
    if means is None or "pos" not in means.dims:
        return
    n = means.dataset.sizes["pos"]
    for i, prompt in enumerate(prompts):
        tokens = model.tokenize(prompt).tokens[0]
        if len(tokens) != n:
            raise PromptError(
                f"These means are by position, for {n} tokens; prompt {i} has {len(tokens)}: {shown(tokens)}. "
                "Make them over prompts of its length, or without by_position."
            )


def _check_one_length(model: Model, prompts: Sequence[str | Row]) -> None:
    tokens = [model.tokenize(prompt).tokens[0] for prompt in prompts]
    lengths = np.array([len(row) for row in tokens])
    if (lengths != lengths[0]).any():
        other = int(np.flatnonzero(lengths != lengths[0])[0])
        raise PromptError(
            f"mi.mean_activations by position needs prompts of one length; prompt 0 has {lengths[0]} tokens "
            f"({shown(tokens[0])}), prompt {other} has {lengths[other]} ({shown(tokens[other])})."
        )
