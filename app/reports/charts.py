"""The charts of a summary as scenes."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from app.reports.scene import (
    ACCENT,
    GREY,
    INK,
    PALE,
    RULE,
    TEXT_SIZE,
    TRACK,
    Area,
    Label,
    Line,
    Point,
    Rect,
    Scene,
)

BAR_STEP, BAR_HEIGHT = 19.0, 11.0
VALUE_ROOM = 62.0
"""For `12,345  100 %` behind the longest bar."""
PLOT_HEIGHT = 128.0
AXIS_ROOM, LEGEND_ROOM, DATES_ROOM = 36.0, 20.0, 18.0
DATE_ROOM = 58.0
"""For `31 Dec` and some air."""
MAX_NAME = 24
MAX_LINES = 5


class Series(NamedTuple):
    """One row of numbers over the steps of a period."""

    name: str
    values: Sequence[int]
    fill: str


class Plot(NamedTuple):
    """The part of a scene in which numbers are drawn, and the number at its top."""

    left: float
    top: float
    width: float
    height: float
    highest: int

    def y(self, value: float) -> float:
        """Where a number lies."""
        return self.top + self.height * (1 - value / self.highest)


def bars(
    counts: Mapping[str, int], width: float, label_room: float, aside: Collection[str] = ()
) -> Scene:
    """A bar for each name, with its number and share behind it; grey for the names in `aside`."""
    scene = Scene(width, BAR_STEP * max(len(counts), 1))
    total = sum(counts.values())
    longest = max(counts.values(), default=0) or 1
    room = width - label_room - VALUE_ROOM
    for number, (name, tasks) in enumerate(counts.items()):
        top = number * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2
        foot = top + BAR_HEIGHT - 2.4
        share = f"{tasks / total:.0%}" if total else "0%"
        scene.add(
            Label(0, foot, shortened(name, MAX_NAME), INK),
            Rect(label_room, top, room, BAR_HEIGHT, TRACK),
            Label(width - 30, foot, f"{tasks:,}", INK, anchor="end", bold=True),
            Label(width, foot, share, anchor="end"),
        )
        if tasks:
            length = room * tasks / longest
            fill = GREY if name in aside else ACCENT
            scene.add(Rect(label_room, top, length, BAR_HEIGHT, fill))
    return scene


def columns(days: Sequence[date], series: Sequence[Series], width: float) -> Scene:
    """For each step one column beside the other."""
    scene, plot = _axes(days, series, width)
    step = plot.width / len(days)
    thickness = min(step * 0.76 / len(series), 16.0)
    for number, (_, values, fill) in enumerate(series):
        for place, value in enumerate(values):
            middle = plot.left + (place + 0.5) * step
            x = middle + (number - len(series) / 2) * thickness
            top = plot.y(value)
            if value:
                height = plot.top + plot.height - top
                scene.add(Rect(x, top, thickness - min(0.8, thickness / 5), height, fill))
    return scene


def line(days: Sequence[date], series: Series, width: float) -> Scene:
    """One number over the steps, with the area under it."""
    scene, plot = _axes(days, [series], width)
    step = plot.width / len(days)
    points: list[Point] = [
        (plot.left + (place + 0.5) * step, plot.y(value))
        for place, value in enumerate(series.values)
    ]
    floor = plot.top + plot.height
    scene.add(
        Area(((points[0][0], floor), *points, (points[-1][0], floor)), PALE),
        Line(tuple(points), series.fill, width=1.6),
        Rect(points[-1][0] - 2, points[-1][1] - 2, 4, 4, series.fill),
    )
    return scene


def shortened(text: str, longest: int) -> str:
    """A text of at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def day_label(day: date) -> str:
    """A day as short as an axis needs it: `7 Mar`."""
    return f"{day.day} {day:%b}"


def nice_step(highest: int) -> int:
    """The round number whose multiples make at most MAX_LINES lines up to `highest`."""
    least = max(math.ceil(highest / MAX_LINES), 1)
    power: int = 10 ** (len(str(least)) - 1)
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least)


def _axes(days: Sequence[date], series: Sequence[Series], width: float) -> tuple[Scene, Plot]:
    scene = Scene(width, LEGEND_ROOM + PLOT_HEIGHT + DATES_ROOM)
    highest = max((max(each.values) for each in series), default=0)
    step = nice_step(highest)
    lines = max(math.ceil(highest / step), 1)
    plot = Plot(AXIS_ROOM, LEGEND_ROOM, width - AXIS_ROOM, PLOT_HEIGHT, lines * step)
    _add_legend(scene, series)
    for value in range(0, plot.highest + 1, step):
        y = plot.y(value)
        scene.add(
            Line(((plot.left, y), (width, y)), RULE if value else GREY),
            Label(plot.left - 6, y + TEXT_SIZE / 3, f"{value:,}", anchor="end"),
        )
    _add_dates(scene, plot, days)
    return scene, plot


def _add_legend(scene: Scene, series: Sequence[Series]) -> None:
    x = AXIS_ROOM
    for name, _, fill in series:
        scene.add(Rect(x, 2, 8, 8, fill), Label(x + 12, 9, name, INK))
        x += 12 + len(name) * TEXT_SIZE * 0.56 + 18


def _add_dates(scene: Scene, plot: Plot, days: Sequence[date]) -> None:
    """As many days as have room, counted from the last one."""
    step = plot.width / len(days)
    every = math.ceil(DATE_ROOM / step)
    foot = plot.top + plot.height + 12
    for place in range(len(days) - 1, -1, -every):
        x = plot.left + (place + 0.5) * step
        half = DATE_ROOM / 4
        x = min(max(x, plot.left + half), plot.left + plot.width - half)
        scene.add(Label(x, foot, day_label(days[place]), anchor="middle"))
