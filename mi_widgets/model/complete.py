"""Whether files held every weight: transformers draws at random what they lack, and says so in its log alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mi_widgets.core.errors import UnknownModel


def check_complete(name: str, found: Mapping[str, Any]) -> None:
    """Refuse a model of which some weights are random.

    Args:
        name: a path or a hub id, for the message.
        found: what transformers says of the loading.

    Raises:
        UnknownModel: some were not there, or had another shape.
    """
    lacking = sorted({*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])})
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        raise UnknownModel(
            f"{name} lacks weights of the model that it says it is: {', '.join(lacking[:3])}{more}. Bring all of it."
        )
