"""What a view has read from one Result, ready to be drawn: the part that is alike in all of them."""

from typing import Any

from .given import header_of
from .selection import Choices


class DrawnResult:
    """A Result as a view draws it. A subclass says what can be selected, and packs what is sent.

    Args:
        result: What is drawn.
        beside: Results, and mappings of them, that are drawn beside it: their warnings are said too.

    Attributes:
        title, model_name, unit: What the header says.
    """

    def __init__(self, result: Any, *beside: Any) -> None:
        self._header = header_of(result, *beside)
        self.title, self.model_name, self.unit = (self._header[key] for key in ("title", "model", "unit"))

    def choices(self) -> Choices:
        """The labels that can be selected, for each key of the selection; None among them where nothing may be."""
        raise NotImplementedError

    def first(self) -> dict[str, Any]:
        """Nothing where nothing may be selected, else the last step, and the first of everything else.

        `selection.ts` says the same in the browser.
        """
        return {
            key: None if None in labels else labels[-1 if key == "step" else 0]
            for key, labels in self.choices().items()
        }

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        return self._header
