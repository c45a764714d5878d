"""Where a widget's built front end lies, and what a reader sees where it was never built."""

import os
from pathlib import Path

BUNDLES = Path(__file__).parents[1] / "_bundles"

_NOT_BUILT = """
export default {
  render({ el }) {
    el.textContent = "The front end of mi_widgets is not built. In a clone: python -m mi_widgets.widgets.build_hook";
  },
};
"""


def bundle(name: str) -> tuple[str | Path, str | Path]:
    """The `_esm` and `_css` of the widget in folder `name`, as text.

    Not as paths: for a path anywidget keeps every widget that was ever made, to tell it of a change of the file. It is
    told so where that is wanted, by ANYWIDGET_HMR=1.
    """
    script, style = BUNDLES / f"{name}.js", BUNDLES / f"{name}.css"
    if not script.exists():
        return _NOT_BUILT, ""
    if os.environ.get("ANYWIDGET_HMR") == "1":
        return script, style if style.exists() else ""
    return script.read_text("utf-8"), style.read_text("utf-8") if style.exists() else ""
