"""Random numbers by name: every text and every split draws from a stream of its own."""

import zlib

import numpy as np


def random_stream(name: str, *numbers: int) -> np.random.Generator:
    """The random numbers of a name with some numbers, such as a seed and a row; no other name has the same ones.

    Args:
        name: of what is drawn, with its split.
        numbers: 0 or more each.
    """
    return np.random.default_rng([zlib.crc32(name.encode()), *numbers])
