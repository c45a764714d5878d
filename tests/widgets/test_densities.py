"""How many latents have which density, counted for the browser and for the picture."""

import numpy as np
import pytest

from mi_widgets.widgets.dashboards.dashboards import binned
from mi_widgets.widgets.dashboards.widget import DashboardView

from .dashboards import dashboards


@pytest.mark.parametrize(
    ("density", "edges", "counts", "never"),
    [
        ([0, 0, 0.01, 0.1, 0.1], 25, [1, *[0] * 22, 2], 2),
        ([0], 0, [], 1),
        ([0.5, 0.5], 2, [2], 0),
    ],
)
def test_densities_are_counted_evenly_in_factors_and_what_never_fires_apart(density, edges, counts, never):
    found = binned(np.array(density))
    assert (len(found["edges"]), found["counts"], found["never"]) == (edges, counts, never)
    np.testing.assert_allclose(np.diff(np.log(found["edges"]), 2), 0, atol=1e-9)


def test_the_densities_are_counted_for_the_browser():
    found = DashboardView(dashboards())._data["derived"]["densities"]
    assert (sum(found["counts"]), found["never"]) == (5, 1)
    assert [found["edges"][0], found["edges"][-1]] == pytest.approx([0.01, 0.06])
