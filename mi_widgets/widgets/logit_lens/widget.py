"""`LogitLensView`: what the model would say if it stopped at each layer, written into a heat map."""

from typing import Any

import traitlets

from mi_widgets.core.errors import SelectionError
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.view import ResultView
from .lens import Lens
from .picture import picture

_ASK = "mi.logit_lens(run, tokens=[…])"


class _Color(traitlets.Unicode):
    """The trait `color`, which checks itself when it is set."""

    def validate(self, obj: Any, value: Any) -> str:
        allowed = obj._drawn.colors
        if value not in allowed:
            more = "" if "rank" in allowed else f" ('rank' needs a token to follow: {_ASK})"
            raise SelectionError(f"color can be {_either(allowed)} in this view{more}; got {value!r}")
        return value


class _PinnedToken(traitlets.Unicode):
    """The trait `pinned`: a token that was asked for, the first where None is given."""

    # Not `allow_none`, with which None would be taken as it is.
    def validate(self, obj: Any, value: Any) -> str | None:
        asked = obj._drawn.asked
        if value is None:
            return asked[0] if asked else None
        if value not in asked:
            allowed = f"{_either(asked)} in this view" if asked else "only None: no token was asked for"
            raise SelectionError(f"pinned can be {allowed}; got {value!r}. Ask for tokens with {_ASK}.")
        return value


class LogitLensView(ResultView[Lens]):
    """The likeliest next token at every layer (the last at the top) and position, coloured by how likely it is.

    Where tokens were asked for, one is pinned: its rank over the layers is drawn and said. A view draws a Result and
    reports gestures as values; it never runs a model.

    Args:
        result: A Result of `mi.logit_lens`, perhaps a part of it (`.sel(…)`).
        selection: What to show first, any of batch, layer and pos. Default: the first prompt and no cell; of the
            last position is then spoken.
        color: What colours mean: "probability" of the likeliest token, "rank" of the pinned one (bright is likely),
            "entropy" of the distribution, or "kl" from it to the model's final one.
        pinned: The token to follow, one of those that were asked for. Default: the first of them.
        control: The same lens on a baseline, such as the untrained model: a Result, or `{"shuffled": result}`, which
            says what it is.

    Attributes:
        selection: Two-way: `{"batch": 0, "layer": 7, "pos": 12}`. A part may be set; None selects no layer (position).
        color: Two-way.
        pinned: Two-way; None only where no token was asked for.

    Raises:
        SelectionError: A selection, a colouring or a token that this view does not have; it keeps what it had.
        ResultError: A Result that is no lens, or a control of something else.
    """

    _esm, _css = bundle("logit_lens")

    color = _Color("probability").tag(sync=True)
    pinned = _PinnedToken(None).tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        color: str = "probability",
        pinned: str | None = None,
        control: Any = None,
    ):
        super().__init__(result, Lens(result, control), selection, color=color, pinned=pinned)
        self.observe(self._say_code, ["color", "pinned"])

    def _arguments(self, script: Script) -> list[str]:
        said = [] if self.color == "probability" else [f"color={self.color!r}"]
        if self.pinned is not None and self.pinned != self._drawn.asked[0]:
            said.append(f"pinned={self.pinned!r}")
        control = self._drawn.control
        return [*said, *([] if control is None else [control.argument(script)])]

    def _picture(self) -> Picture:
        """The selected prompt, as the widget shows it."""
        return picture(self._drawn, self.selection, self.color, self.pinned)

    def __repr__(self) -> str:
        drawn = self._drawn
        pinned = "" if self.pinned is None else f", pinned {self.pinned!r}"
        return (
            f"LogitLensView({drawn.model_name}, {drawn.title}: layer {len(drawn.layers)}, pos {len(drawn.pos)}; "
            f"color {self.color}{pinned}; selected {self._chosen()})"
        )

    def show(self, result: Any, *, control: Any = None) -> None:
        """Draw another lens in the same place, keeping the selection, the colouring and the token where it has them.

        Args:
            result: As for a new view.
            control: As for a new view; without it the control of the old one is shown no more.
        """
        drawn = Lens(result, control)
        pinned = self.pinned if self.pinned in drawn.asked else None
        color = self.color if self.color in drawn.colors else "probability"
        self._show(result, drawn, pinned=pinned, color=color)


def _either(names: Any) -> str:
    return " or ".join(map(repr, names))
