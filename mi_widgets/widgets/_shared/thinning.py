"""Which labels of an axis are written, so that none touch. `thinning.ts` says the same in the browser."""

from collections.abc import Iterator


def thinned(n: int, *, step_px: float, min_px: float, always: int | None = None) -> list[int]:
    """Which of n labels to write so that none touch: every one, every second, fifth, tenth … of them.

    The one in `always` is written whatever its place, and its neighbours give way.
    """
    every = next(k for k in _steps() if k * step_px >= min_px or k >= n)
    chosen = list(range(0, n, every))
    if always is None:
        return chosen
    return sorted({always, *(i for i in chosen if abs(i - always) * step_px >= min_px)})


def _steps() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10
