"""What a chart is made of: rectangles, lines and texts, for PDF and HTML to draw alike.

Lengths are points, from the top left corner. Colours are `#rrggbb`; they are told apart by their
lightness as well, for eyes that do not see all colours, and on grey paper.
"""

from dataclasses import dataclass, field
from typing import Literal

ACCENT = "#2457d6"
PALE = "#dfe7fa"
GREY = "#9aa5b8"
INK = "#1b2433"
SOFT = "#566178"
RULE = "#e3e8f0"
TRACK = "#f3f5f9"

TEXT_SIZE = 8.0
Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class Line:
    """Straight lines from point to point."""

    points: tuple[Point, ...]
    stroke: str
    width: float = 0.6


@dataclass(frozen=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str


@dataclass(frozen=True)
class Label:
    """A text in one line, `y` at its foot."""

    x: float
    y: float
    text: str
    fill: str = SOFT
    anchor: Anchor = "start"
    bold: bool = False


Shape = Rect | Line | Area | Label


@dataclass
class Scene:
    """A drawing; later shapes lie upon earlier ones."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Draw on top of what is there."""
        self.shapes += shapes
