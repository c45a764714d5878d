"""What a comparison yields: a row of what was done, by us and perhaps by peers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """One tool's runs of one task.

    Attributes:
        tool: Its name, with its version if it is a peer's.
        runs_s: Seconds, one number a run; None where it was not done within the limit.
        limit_s: That limit.
        megabytes: What the kernel sent to the browser in a run (median), if that was counted.
    """

    tool: str
    runs_s: Sequence[float | None]
    limit_s: float
    megabytes: float | None = None

    @property
    def median_s(self) -> float | None:
        """The median of the seconds; None where it is beyond the limit."""
        median = statistics.median(float("inf") if run is None else run for run in self.runs_s)
        return None if median == float("inf") else median


@dataclass(frozen=True)
class Bar:
    """What a row has to reach: at most so many seconds and megabytes, at least so many times faster."""

    seconds: float
    megabytes: float | None = None
    times_faster: float | None = None


@dataclass(frozen=True)
class Row:
    """A task and how long it took."""

    task: str
    ours: Side
    peer: Side | None = None
    bar: Bar | None = None

    @property
    def times_faster(self) -> float | None:
        """How much faster ours is, or at least is where the peer was beyond its limit."""
        if self.peer is None or self.ours.median_s is None:
            return None
        return (self.peer.median_s or self.peer.limit_s) / self.ours.median_s

    def missed(self) -> str | None:
        """How the row falls short of its bar, or None."""
        if self.bar is None:
            return None
        ours = self.ours
        reached = (
            ours.median_s is not None
            and ours.median_s <= self.bar.seconds
            and (
                self.bar.megabytes is None
                or (ours.megabytes is not None and ours.megabytes <= self.bar.megabytes)
            )
            and (self.bar.times_faster is None or (self.times_faster or 0) >= self.bar.times_faster)
        )
        return None if reached else f"{self.task}: the bar is {self.bar}; measured was {self.as_json()}"

    def as_json(self) -> dict[str, object]:
        """The row as it stands in results.json."""
        return {
            "task": self.task,
            "ours": _side(self.ours),
            "peer": _side(self.peer) if self.peer else None,
            "times_faster": _rounded(self.times_faster, 1),
        }


@dataclass(frozen=True)
class Multiple:
    """What one tool took, as a multiple of what its row is measured against.

    Attributes:
        tool: Its name, with its version if it is a peer's.
        rounds: One number a round, in which all tools took turns.
    """

    tool: str
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def middle(self) -> tuple[float, float]:
        """Between which numbers the middle half of the rounds lies."""
        if len(self.rounds) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return low, high

    def as_json(self) -> dict[str, object]:
        """It as it stands in results.json."""
        return {
            "tool": self.tool,
            "median": _rounded(self.median, 3),
            "middle": [_rounded(end, 3) for end in self.middle],
            "rounds": [_rounded(number, 3) for number in self.rounds],
        }


@dataclass(frozen=True)
class MultipleRow:
    """A task and what it took, as multiples of something that was done in the same rounds.

    Attributes:
        task: What was done.
        against: What it is measured against.
        against_s: The median of the seconds which that took; None where no time is compared.
        ours: Our multiple.
        peers: Those of peers, each of what was done in its own environment.
        bar: What ours may be at most.
    """

    task: str
    against: str
    against_s: float | None
    ours: Multiple
    peers: Sequence[Multiple] = ()
    bar: float | None = None

    def missed(self) -> str | None:
        """How the row falls short of its bar, or None."""
        if self.bar is None or self.ours.median <= self.bar:
            return None
        return f"{self.task}: the bar is {self.bar} times {self.against}; measured was {self.ours.median:.3f}"

    def as_json(self) -> dict[str, object]:
        """The row as it stands in results.json."""
        return {
            "task": self.task,
            "against": self.against,
            "against_s": _rounded(self.against_s, 4),
            "ours": self.ours.as_json(),
            "peers": [peer.as_json() for peer in self.peers],
            "bar": self.bar,
        }


def _side(side: Side) -> dict[str, object]:
    return {
        "tool": side.tool,
        "median_s": _rounded(side.median_s, 3),
        "runs_s": [_rounded(run, 3) for run in side.runs_s],
        "limit_s": side.limit_s,
        "megabytes": _rounded(side.megabytes, 3),
    }


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
