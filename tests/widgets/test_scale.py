"""The scale of a picture: its colours and how its numbers are written, as `scale.ts` has them."""

import numpy as np
import pytest

from mi_widgets.widgets._shared.scale import ColourScale, scale_of


@pytest.mark.parametrize(
    ("values", "unit", "wanted"),
    [
        ([0.2, 0.5], "mean attention", ColourScale("sequential", 0, 1)),
        ([0.2, 0.5], "nats", ColourScale("sequential", 0, 0.5)),
        ([0.2, 7.0], "probability", ColourScale("sequential", 0, 7)),
        ([-0.25, 0.125], "nats", ColourScale("diverging", -0.25, 0.25)),
        ([-0.01, 0.5], "mean attention above the control", ColourScale("diverging", -1, 1)),
        ([0.0, np.nan], "nats", ColourScale("sequential", 0, 1)),
        ([np.nan], "nats", ColourScale("sequential", 0, 1)),
    ],
)
def test_one_scale_for_all_pages(values, unit, wanted):
    assert scale_of(np.array(values), unit) == wanted


@pytest.mark.parametrize(
    ("reach", "value", "wanted"),
    [
        (1, 0.987, "0.99"),
        (1, -0.987, "−0.99"),
        (1, -0.0001, "0.00"),
        (1, np.nan, "none"),
        (40, 12.34, "12.3"),
        (400, 12.34, "12"),
        (0.05, 0.0123, "0.012"),
        (1e-5, 1.23e-6, "1.2e-6"),
        (1e6, -123456, "−1.2e5"),
        (1, np.inf, "∞"),
        (1e6, -np.inf, "−∞"),
    ],
)
def test_numbers_have_as_many_decimals_as_the_picture_needs(reach, value, wanted):
    assert ColourScale("sequential", 0, reach).number_text(value) == wanted


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        (ColourScale("sequential", 0, 1), ("0", "1")),
        (ColourScale("diverging", -0.5, 0.5), ("−0.50", "0.50")),
        (ColourScale("diverging", -3, 3), ("−3", "3")),
        (ColourScale("sequential", 0, 1e20), ("0", "1.0e20")),
    ],
)
def test_the_ends_are_plain(scale, wanted):
    assert scale.ends() == wanted
