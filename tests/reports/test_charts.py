"""The drawings by themselves: everything is inside, and labels do not run into each other."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.reports import charts, fonts
from app.reports.charts import Series
from app.reports.periods import Period
from app.reports.scene import ACCENT, TEXT_SIZE, Area, Label, Line, Rect

WIDTH = 493.0
LETTER = TEXT_SIZE * 0.75
"""Wider than most letters."""


def days(count):
    return [date(2026, 1, 1) + timedelta(n) for n in range(count)]


def inside(scene):
    for shape in scene.shapes:
        match shape:
            case Rect(x, y, width, height):
                points = [(x, y), (x + width, y + height)]
            case Line(points) | Area(points):
                pass
            case Label(x, y):
                points = [(x, y)]
        assert all(-0.01 <= x <= scene.width + 0.01 for x, _ in points), shape
        assert all(-0.01 <= y <= scene.height + 0.01 for _, y in points), shape
    return scene


@pytest.mark.parametrize("count", [1, 2, 7, 30, 31, 54])
@pytest.mark.parametrize("highest", [0, 1, 9, 100_000])
def test_columns_and_lines_stay_inside_and_days_apart(count, highest):
    values = [highest * n // count for n in range(1, count + 1)]
    first, second = Series("Created", values, ACCENT), Series("Completed", values[::-1], ACCENT)

    for scene in (
        inside(charts.columns(days(count), [first, second], WIDTH)),
        inside(charts.line(days(count), first, WIDTH)),
    ):
        labels = {charts.day_label(day) for day in days(count)}
        places = sorted(
            shape.x for shape in scene.shapes if isinstance(shape, Label) and shape.text in labels
        )
        assert places
        assert all(right - left > LETTER * 6 for left, right in pairwise(places))


def test_bars_are_as_long_as_their_numbers_and_nothing_is_no_bar():
    scene = inside(charts.bars({"one": 1, "x" * 150: 4, "none": 0}, WIDTH, 140))

    drawn = [
        shape.width for shape in scene.shapes if isinstance(shape, Rect) and shape.fill == ACCENT
    ]
    assert drawn[1] == pytest.approx(4 * drawn[0])
    assert len(drawn) == 2
    texts = [shape.text for shape in scene.shapes if isinstance(shape, Label)]
    assert "x" * 23 + "…" in texts
    assert texts[1:3] == ["1", "20%"]


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (1, 1), (5, 1), (6, 2), (53, 20), (242, 50), (501, 200)]
)
def test_the_lines_of_an_axis_are_round_numbers(highest, step):
    assert charts.nice_step(highest) == step
    assert highest <= 5 * step


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo"])
def test_steps_cover_the_period_without_gap_or_overlap(zone):
    for first, last in (
        (date(2026, 3, 28), date(2026, 3, 30)), (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 10, 25), date(2026, 10, 25)),
    ):  # fmt: skip
        period = Period(first, last, ZoneInfo(zone))

        assert period.steps[0] == first
        assert len(period.bounds) == len(period.steps) + 1
        assert period.bounds == sorted(set(period.bounds))
        assert all(day.weekday() == 0 for day in period.steps[1:] if not period.is_daily)


def test_letters_are_marked_with_a_font_that_has_them():
    assert fonts.marked("Ärger & <b>") == "Ärger &amp; &lt;b&gt;"
    assert fonts.marked("a報b") == 'a<font name="STSong-Light">報</font>b'
    assert fonts.marked("가") == '<font name="HYGothic-Medium">가</font>'
    assert fonts.marked("a🎉ש") == "a□□"
    assert fonts.notes("plain") == []
