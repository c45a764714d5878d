"""Pictures for readers without a browser widget: a few marks as plain values, and one renderer for PNG, SVG and PDF."""

from .bars import Bar, Bars
from .cells import Cells, Labels, Thumbnails
from .layout import ColourBar, Column, Mark, Paragraph, Row
from .lines import Bin, Line, Lines
from .picture import Picture, render
from .plane import Plane, Point
from .table import Entry, StyledText, Table
from .text import Face
from .tokens import Context, Contexts, Tokens

__all__ = [
    "Bar",
    "Bars",
    "Bin",
    "Cells",
    "ColourBar",
    "Column",
    "Context",
    "Contexts",
    "Entry",
    "Face",
    "Labels",
    "Line",
    "Lines",
    "Mark",
    "Paragraph",
    "Picture",
    "Plane",
    "Point",
    "Row",
    "StyledText",
    "Table",
    "Thumbnails",
    "Tokens",
    "render",
]
