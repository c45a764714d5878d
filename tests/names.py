"""Every public name, as code writes it, and what it stands for."""

from functools import reduce

import mi_widgets as mi
from mi_widgets.core.public import public_names


def every_public():
    """Written name -> what it stands for; the groups are none of them."""
    return {written: public(written) for written in public_names().values()}


def public(written):
    """What a written name stands for: `mi.fourier.norms`."""
    return reduce(getattr, written.split(".")[1:], mi)
