"""Scenes as reportlab draws them."""

from typing import Any

from reportlab.graphics.shapes import Drawing, Polygon, PolyLine, String
from reportlab.graphics.shapes import Rect as DrawnRect
from reportlab.lib.colors import HexColor

from app.reports.fonts import BOLD, SANS
from app.reports.scene import TEXT_SIZE, Area, Label, Line, Rect, Scene, Shape


def drawing_of(scene: Scene) -> Drawing:
    """A scene as reportlab draws it: from the bottom up."""
    drawing = Drawing(scene.width, scene.height)
    for shape in scene.shapes:
        drawing.add(_drawn(shape, scene.height))
    return drawing


def _drawn(shape: Shape, height: float) -> Any:
    match shape:
        case Rect(x, y, width, tall, fill):
            colour = HexColor(fill)
            return DrawnRect(x, height - y - tall, width, tall, fillColor=colour, strokeColor=None)
        case Line(points, stroke, thickness):
            flat = _flipped(points, height)
            return PolyLine(flat, strokeColor=HexColor(stroke), strokeWidth=thickness)
        case Area(points, fill):
            return Polygon(_flipped(points, height), fillColor=HexColor(fill), strokeColor=None)
        case Label(x, y, text, fill, anchor, bold):
            drawn = String(x, height - y, text, fillColor=HexColor(fill), textAnchor=anchor)
            drawn.fontName, drawn.fontSize = BOLD if bold else SANS, TEXT_SIZE
            return drawn


def _flipped(points: Any, height: float) -> list[float]:
    return [number for x, y in points for number in (x, height - y)]
