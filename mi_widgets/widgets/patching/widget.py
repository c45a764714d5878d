"""`PatchingView`: the effect of every patch, in colours around 0."""

from mi_widgets.core.sites import Site

from ..heat_map.widget import HeatmapView


class PatchingView(HeatmapView):
    """Effects of patches (or knock-outs) as a heat map in signed colours: layers x positions, or layers x heads.

    It is `HeatmapView` with colours around 0, whatever the signs, and with the selected cell as a site.

    Args:
        result: of `mi.activation_patching`, `mi.attribution_patching`, `mi.path_patching` or `mi.ablation_effects`.
        selection: as in `HeatmapView`.
        control: as there: the same effects with shuffled names, say, or of an untrained model.
        intervention: as there, where cells are heads.
    """

    _signed = True

    @property
    def site(self) -> Site | None:
        """What the selected cell stands for, as in `at.resid_pre[2].pos(9)`; None where no cell is selected."""
        chosen = {"head": None, "pos": None, **self.selection}
        if "site" not in self.result.dataset or any(chosen[axis] is None for axis in self.result.dims):
            return None
        site = Site(self.result.dataset["site"].item(), chosen["layer"], chosen["head"])
        return site if chosen["pos"] is None else site.pos(chosen["pos"])
