"""Where a widget's built front end lies, and what a reader sees where it was never built."""

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
    """The `_esm` and `_css` of the widget in folder `name`: paths, so that anywidget can reload them."""
    script, style = BUNDLES / f"{name}.js", BUNDLES / f"{name}.css"
    if not script.exists():
        return _NOT_BUILT, ""
    return script, style if style.exists() else ""
