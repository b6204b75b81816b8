"""The letters of PDF reports, without fonts of the system.

DejaVu Sans, cut down to Latin, Greek, Cyrillic, Armenian and Georgian letters, lies beside this
module and is embedded. Chinese, Japanese and Korean are left to the fonts of whoever reads the
file, as the format provides for. Letters of other scripts are shown as BOX.
"""

from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

SANS, BOLD = "ReportSans", "ReportSans-Bold"
KOREAN, JAPANESE, CHINESE = "HYGothic-Medium", "HeiseiKakuGo-W5", "STSong-Light"
BOX = "□"
GAPS = f"A letter shown as {BOX} is in none of the fonts of the PDF; the HTML report shows it."
BORROWED = (
    "Chinese, Japanese and Korean letters are shown in a font of the machine that opens this."
)

_FILES = {SANS: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_ASIAN = (
    (0x1100, 0x11FF, KOREAN),
    (0x3000, 0x30FF, JAPANESE),
    (0x3130, 0x318F, KOREAN),
    (0x3400, 0x9FFF, CHINESE),
    (0xAC00, 0xD7AF, KOREAN),
    (0xF900, 0xFAFF, CHINESE),
    (0xFF00, 0xFFEF, JAPANESE),
)


@cache
def register() -> frozenset[int]:
    """Make the fonts known to reportlab; returns the code points of the embedded ones."""
    folder = Path(__file__).parent / "typefaces"
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, folder / file))
    for name in (KOREAN, JAPANESE, CHINESE):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)
    return frozenset.intersection(
        *(frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES)
    )


def marked(text: str) -> str:
    """`text` as the markup of a paragraph, each run of letters in a font that has them."""
    runs = ((font, "".join(run)) for font, run in groupby(text, _font_of))
    return "".join(_run(font, letters) for font, letters in runs)


def notes(text: str) -> list[str]:
    """What a reader should know about the letters of `text`."""
    used = {_font_of(letter) for letter in text}
    return [GAPS] * (None in used) + [BORROWED] * bool(used & {KOREAN, JAPANESE, CHINESE})


def _run(font: str | None, letters: str) -> str:
    if font is None:
        return BOX * len(letters)
    return escape(letters) if font == SANS else f'<font name="{font}">{escape(letters)}</font>'


def _font_of(letter: str) -> str | None:
    code = ord(letter)
    if code in register():
        return SANS
    return next((font for first, last, font in _ASIAN if first <= code <= last), None)
