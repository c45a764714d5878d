"""mi_widgets: an MRI for language models, inside a notebook.

import mi_widgets as mi
from mi_widgets import sites as at
"""

from .core.public import attach

__version__ = "0.1.0"

# What `__init__.pyi` lists is fetched at first use: torch, nnsight, transformers and the widgets take seconds to
# import, and a Jupyter server that loads `mi_widgets.server` needs none of them.
__getattr__, __dir__, __all__ = attach(__name__, __file__)
