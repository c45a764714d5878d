"""Whether doing something again and again leaves anything behind."""

import gc
import sys
from collections import Counter

import psutil
from ipywidgets.widgets import widget

MEGABYTES = 48  # that the process may grow by: what an allocator keeps for later


def widgets():
    """The widgets that are open; ipywidgets holds them until they are closed."""
    return Counter(type(one).__name__ for one in widget._instances.values())


def collected():
    """How many objects are alive that Python keeps track of, after all garbage is gone."""
    while gc.collect():
        pass
    return len(gc.get_objects())


def resident():
    """Megabytes of the process."""
    return psutil.Process().memory_info().rss / 2**20


def stays_flat(do, times):
    """Do something many times; nothing is left of it.

    The first fifth fills caches. After that no widget is left open, fewer objects are left than one for every twenty
    times, and the process has hardly grown.

    Args:
        do: called with the number of the time.
        times: how many.
    """
    for i in range(times // 5):
        do(i)
    opened, before, size = widgets(), collected(), resident()
    for i in range(times):
        do(i)
    left = collected() - before
    assert not widgets() - opened, f"{widgets() - opened} are open"
    assert left <= max(10, times / 20), f"{left} objects are left of {times} times"
    grown = resident() - size
    assert grown < MEGABYTES, f"the process has grown by {grown:.0f} MB in {times} times"


def holders(thing):
    """What holds an object, for the message of a test that finds it alive."""
    frame = sys._getframe()
    return [type(one).__name__ for one in gc.get_referrers(thing) if one is not frame]
