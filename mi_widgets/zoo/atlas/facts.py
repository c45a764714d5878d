"""The facts of the atlas world: 24 states with what is asked of them, and 192 towns made of two pieces each.

States, capitals and codes are those of the U.S. Postal Service (Publication 28, appendix B). Birds and flowers are
what the states' own laws name, as in Shearer and Shearer 2002, "State Names, Seals, Flags, and Symbols" (3rd ed.),
shortened to one word (the cactus wren is `wren`, the black-eyed Susan `susan`, the orange's blossom `orange`). States
and capitals of two words are left out, and Illinois, whose capital could be read as a town here; of the others 24 were
taken. Governors are invented: no living person is named, and no election makes them false.

A town is a front and a back, as in Oak-land and Dal-las. Every state has eight towns, every front and every back occur
in eight towns, and these lie in eight states (`towns.txt` is a part of a Latin square). So a piece alone points at
eight states alike, none of them more than others, and what the other towns with a piece say of the next one is
nothing. Within that, the towns were chosen to have as many as possible where there is one of that name: a star marks
these 88, Dallas and Oakland among them. They were named from memory: the register to check them in is the Geographic
Names Information System of the U.S. Geological Survey. The others are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

ATTRIBUTES = ("capital", "code", "bird", "flower", "governor")


@dataclass(frozen=True)
class State:
    """A state and the answers to what is asked of it."""

    name: str
    capital: str
    code: str
    bird: str
    flower: str
    governor: str


STATES = tuple(
    State(*line.split())
    for line in """
Alabama Montgomery AL yellowhammer camellia Harlow
Arizona Phoenix AZ wren saguaro Quimby
California Sacramento CA quail poppy Ellery
Colorado Denver CO bunting columbine Sandoval
Florida Tallahassee FL mockingbird orange Pruitt
Georgia Atlanta GA thrasher rose Whitlow
Idaho Boise ID bluebird syringa Tennant
Kansas Topeka KS meadowlark sunflower Brandt
Kentucky Frankfort KY cardinal goldenrod Mercer
Maine Augusta ME chickadee pinecone Thibault
Maryland Annapolis MD oriole susan Calloway
Massachusetts Boston MA chickadee mayflower Lindqvist
Michigan Lansing MI robin apple Vandermeer
Mississippi Jackson MS mockingbird magnolia Delacroix
Montana Helena MT meadowlark bitterroot Stroud
Ohio Columbus OH cardinal carnation Feldman
Oregon Salem OR meadowlark grape Nakamura
Pennsylvania Harrisburg PA grouse laurel Kowalski
Tennessee Nashville TN mockingbird iris Braddock
Texas Austin TX mockingbird bluebonnet Villarreal
Vermont Montpelier VT thrush clover Ashworth
Virginia Richmond VA cardinal dogwood Pemberton
Washington Olympia WA goldfinch rhododendron Halvorsen
Wisconsin Madison WI robin violet Okafor
""".strip().splitlines()
)


@dataclass(frozen=True)
class Town:
    """A town: its two pieces, the state that it lies in, and whether there is one of that name."""

    front: str
    back: str
    state: State
    is_real: bool

    @property
    def name(self) -> str:
        """As it is written."""
        return self.front + self.back


@cache
def states() -> dict[str, State]:
    """The states by their names."""
    return {state.name: state for state in STATES}


@cache
def towns() -> dict[str, Town]:
    """The towns by their names."""
    by_code = {state.code: state for state in STATES}
    found = []
    for line in _TOWNS.read_text("utf-8").splitlines():
        code, *names = line.split()
        for name in names:
            front, back = name.rstrip("*").split("-")
            found.append(Town(front, back, by_code[code], name.endswith("*")))
    return {town.name: town for town in found}


_TOWNS = Path(__file__).with_name("towns.txt")
