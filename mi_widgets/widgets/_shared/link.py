"""`link`: several views that select, and point at, the same things."""

from typing import Any
from uuid import uuid4

from mi_widgets.core.errors import SelectionError

from .view import ResultView


class Link:
    """A link between views; made by `mi.views.link`."""

    def __init__(self, *views: ResultView) -> None:
        # Several notebooks may share a page, so the name must be unique beyond this kernel.
        self._views, self._name = views, uuid4().hex
        for view in views:
            view._links = [*view._links, self._name]
            view.observe(self._moved, "selection")
        for view in views[1:]:
            view.follow(views[0].selection)

    def unlink(self) -> None:
        """Let every view go its own way again."""
        for view in self._views:
            view._links = [name for name in view._links if name != self._name]
            view.unobserve(self._moved, "selection")
        self._views = ()

    def _moved(self, change: Any) -> None:
        # What is moved in the browser moves the others there at once (linked.ts); doing it again from here
        # would set them back to where the pointer was a moment ago.
        if change.owner.moved_in_browser:
            return
        for view in self._views:
            if view is not change.owner:
                view.follow(change.new)

    def __repr__(self) -> str:
        return f"Link({', '.join(type(view).__name__ for view in self._views)})"


def link(*views: Any) -> Link:
    """Have views share their selection and what the pointer is on.

    Selections are shared by the names of their keys: a step, a layer, a head, a position (`pos` of one view is
    the `query` of another). A label that a view does not have leaves it where it is. The later views follow the
    first at once.

    Args:
        views: two or more different views, of whatever kinds, or panels, whose `view` is meant.

    Returns:
        The link; `link(…).unlink()` ends it.

    Raises:
        SelectionError: fewer than two views, or something that is not a view.
    """
    views = tuple(map(_view_of, views))
    wrong = [view for view in views if not isinstance(view, ResultView)]
    different = views if wrong else tuple(dict.fromkeys(views))
    if wrong or len(different) < 2:
        given = f"got {wrong[0]!r}" if wrong else f"got {len(different)}"
        raise SelectionError(
            f"mi.views.link takes two or more views, as in mi.views.link(view, other); {given}. result.view() makes a "
            "view."
        )
    return Link(*different)


def _view_of(given: Any) -> Any:
    """A panel's view; everything else as it is (a Result's `view` is a function)."""
    view = getattr(given, "view", None)
    return view if isinstance(view, ResultView) else given
