"""A summary as PDF: A4, with page numbers."""

from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from reportlab.graphics.shapes import Drawing, Polygon, PolyLine, String
from reportlab.graphics.shapes import Rect as DrawnRect
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from app.reports import fonts
from app.reports.charts import shortened
from app.reports.document import HALF, WIDTH, Document, Section
from app.reports.fonts import BOLD, SANS, marked
from app.reports.scene import (
    ACCENT,
    INK,
    RULE,
    SOFT,
    TEXT_SIZE,
    Area,
    Label,
    Line,
    Rect,
    Scene,
    Shape,
)

MARGIN = (A4[0] - WIDTH) / 2
TOP, BOTTOM = 22 * mm, 20 * mm
GAP = 28.0
MAX_HEAD = 80

_body = ParagraphStyle("body", fontName=SANS, fontSize=9, leading=13, textColor=HexColor(INK))
_soft = ParagraphStyle("soft", _body, fontSize=8, leading=11, textColor=HexColor(SOFT))
_title = ParagraphStyle("title", _body, fontName=BOLD, fontSize=20, leading=26, spaceAfter=6)
_heading = ParagraphStyle("heading", _body, fontName=BOLD, fontSize=11, leading=15, spaceAfter=5)
_figure = ParagraphStyle("figure", _body, fontName=BOLD, fontSize=16, leading=20)


def write_pdf(path: Path, document: Document) -> None:
    """Lay `document` out and write it to `path`."""
    fonts.register()
    made = BaseDocTemplate(
        str(path),
        pagesize=A4,
        title=document.title,
        author=document.facts[-1][1],
        lang="en",
        invariant=True,
    )
    frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    made.addPageTemplates(PageTemplate(frames=[frame], onPage=partial(_draw_head, document)))
    made.build(_story(document), canvasmaker=_NumberedCanvas)


def _story(document: Document) -> list[Flowable]:
    status, priority, assignee = document.now
    return [
        Paragraph(marked(document.title), _title),
        *_facts(document),
        Spacer(0, 12),
        _figures(document),
        Spacer(0, 20),
        Table(
            [[_section(status), _section(priority)]], colWidths=[WIDTH - HALF, HALF], style=_BARE
        ),
        Spacer(0, 18),
        KeepTogether(_section(assignee)),
        PageBreak(),
        *(KeepTogether([*_section(each), Spacer(0, 20)]) for each in document.over_time),
        *_numbers(document.table),
    ]


def _facts(document: Document) -> list[Flowable]:
    said = [f'<font color="{SOFT}">{name}:</font> {marked(text)}' for name, text in document.facts]
    found: list[Flowable] = [Paragraph(line, _body) for line in said]
    whole = document.title + "".join(text for _, text in document.facts)
    return found + [Paragraph(note, _soft) for note in fonts.notes(whole)]


def _figures(document: Document) -> Flowable:
    """The numbers that matter most, as a row of tiles."""
    tiles = [[Paragraph(text, _figure), Paragraph(name, _soft)] for name, text in document.figures]
    style = TableStyle(
        [
            ("LINEBEFORE", (0, 0), (-1, -1), 1.5, HexColor(ACCENT)),
            ("LEFTPADDING", (0, 0), (-1, -1), 8),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return Table([tiles], colWidths=[WIDTH / len(tiles)] * len(tiles), style=style)


def _section(section: Section) -> list[Flowable]:
    return [Paragraph(section.heading, _heading), drawing_of(section.scene)]


def _numbers(section: Section) -> list[Flowable]:
    """The table in two columns beside each other, to be read one after the other."""
    half = (len(section.rows) + 1) // 2
    empty = [""] * len(section.head)
    pairs = zip_longest(section.rows[:half], section.rows[half:], fillvalue=empty)
    rows = [[*left, "", *right] for left, right in [(section.head, section.head), *pairs]]
    width = (WIDTH - GAP) / 2 / len(section.head)
    widths = [width] * len(section.head)
    return [
        Paragraph(section.heading, _heading),
        Paragraph(section.description, _soft),
        Spacer(0, 4),
        Table(rows, colWidths=[*widths, GAP, *widths], repeatRows=1, style=_NUMBERS),
    ]


def _ruled(first: int, last: int) -> list[tuple[Any, ...]]:
    return [
        ("ALIGN", (first + 1, 0), (last, -1), "RIGHT"),
        ("LINEBELOW", (first, 0), (last, -1), 0.5, HexColor(RULE)),
    ]


_NUMBERS = TableStyle(
    [
        ("FONT", (0, 0), (-1, 0), BOLD, TEXT_SIZE),
        ("FONT", (0, 1), (-1, -1), SANS, TEXT_SIZE),
        ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        *_ruled(0, 3),
        *_ruled(5, 8),
    ]
)
_BARE = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
)


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


def _draw_head(document: Document, canvas: Canvas, template: BaseDocTemplate) -> None:
    """The title on every page after the first, which has it in large letters."""
    canvas.setStrokeColor(HexColor(ACCENT))
    canvas.setLineWidth(2)
    canvas.line(MARGIN, A4[1] - 14 * mm, MARGIN + 24, A4[1] - 14 * mm)
    if template.page > 1:
        head = Paragraph(marked(shortened(document.title, MAX_HEAD)), _soft)
        head.wrapOn(canvas, WIDTH, 20)
        head.drawOn(canvas, MARGIN + 32, A4[1] - 14 * mm - 5)


class _NumberedCanvas(Canvas):
    """Writes `2 / 3` on every page, for which it keeps them until all are there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keep the page."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Number and write the pages."""
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(SANS, TEXT_SIZE)
            self.setFillColor(HexColor(SOFT))
            self.drawRightString(A4[0] - MARGIN, 11 * mm, f"{number} / {len(self._pages)}")
            super().showPage()
        super().save()
