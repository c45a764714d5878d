"""What stands in the brackets of a site, as in `at.pattern[1, 3]`: a layer, or several, and a head or an expert."""

from __future__ import annotations

from .axes import AXES, WHOLE_MODEL
from .errors import SiteError
from .layers import Layers
from .whole_numbers import whole


def in_brackets(
    name: str, index: int | slice | tuple[int | slice, int], of: str | None
) -> tuple[int | Layers, int | None]:
    """The layer, and the head or the expert if one is named.

    Args:
        name: of the site.
        index: what was written.
        of: what one of can be chosen there: "head", "expert" or nothing.

    Raises:
        SiteError: it has no layers, or no heads; a number that is none.
    """
    numbers = index if isinstance(index, tuple) else (index,)
    if name in WHOLE_MODEL:
        raise SiteError(f"at.{name} has no layers: write at.{name}, not at.{name}[{index}].")
    if len(numbers) not in (1, 2):
        raise SiteError(
            f"at.{name}[{index}]: give a layer, or a layer and {'an expert' if of == 'expert' else 'a head'}."
        )
    if len(numbers) == 2 and of is None:
        with_heads = ", ".join(site for site, axes in AXES.items() if "head" in axes)
        raise SiteError(
            f"at.{name} has no heads (its axes are {', '.join(AXES[name])}): write at.{name}[{numbers[0]}]. Sites with "
            f"heads: {with_heads}."
        )
    layer = Layers.of(numbers[0]) if isinstance(numbers[0], slice) else whole(numbers[0])
    if layer is None:
        raise SiteError(f"at.{name}: layer must be a whole number, or a slice; got {numbers[0]!r}.")
    part = whole(numbers[1]) if len(numbers) == 2 else None
    if len(numbers) == 2 and (part is None or part < 0):
        raise SiteError(f"at.{name}: {of} must be a whole number from 0, got {numbers[1]!r}.")
    return layer, part
