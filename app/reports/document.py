"""What a summary says, in the order in which PDF and HTML both say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.reports import charts
from app.reports.asked import in_words
from app.reports.charts import Series
from app.reports.scene import ACCENT, GREY, Scene
from app.reports.summary import NOBODY, OTHERS, Counts, Summary
from app.users.actor import Actor

WIDTH = 493.0
"""Of A4 between its margins, in points."""
HALF = 236.0
DEFAULT_TITLE = "Task report"


@dataclass(frozen=True)
class Section:
    """A chart: `description` says in words what it shows, `rows` hold its numbers under `head`."""

    heading: str
    description: str
    scene: Scene
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Document:
    """A whole summary; `facts` and `figures` are pairs of a name and a text."""

    title: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[tuple[str, str]]
    now: Sequence[Section]
    over_time: Sequence[Section]
    table: Section


@dataclass(frozen=True)
class Cover:
    """What stands above the numbers: who asked for what, and when."""

    title: str
    query: Mapping[str, Any]
    actor: Actor
    made_at: datetime


def compose(summary: Summary, cover: Cover) -> Document:
    """The document of a summary."""
    steps = _over_time(summary)
    return Document(
        title=cover.title or DEFAULT_TITLE,
        facts=_facts(summary, cover),
        figures=_figures(summary),
        now=[
            _distribution("By status", _humanised(summary.by_status), HALF, 74),
            _distribution("By priority", _humanised(summary.by_priority), HALF, 56),
            _distribution("By assignee", summary.by_assignee, WIDTH, 138),
        ],
        over_time=[_throughput(summary), _open(summary)],
        table=steps,
    )


def _facts(summary: Summary, cover: Cover) -> list[tuple[str, str]]:
    period = summary.period
    made = cover.made_at.astimezone(period.zone)
    asked = "; ".join(f"{name}: {value}" for name, value in in_words(cover.query))
    return [
        ("Period", f"{_day(period.first)} – {_day(period.last)} ({period.zone.key})"),
        ("Filter", asked or f"none: all tasks that {cover.actor.username} may see"),
        ("Made", f"{_day(made)}, {made:%H:%M}, for {cover.actor.username}"),
    ]


def _figures(summary: Summary) -> list[tuple[str, str]]:
    rate = f"{summary.done / summary.total:.0%}" if summary.total else "–"
    numbers = {
        "Tasks": summary.total,
        "Open": summary.open_now,
        "Overdue": summary.overdue,
        "New in period": sum(summary.created),
        "Done in period": sum(summary.completed),
    }
    return [*((name, f"{number:,}") for name, number in numbers.items()), ("Share done", rate)]


def _distribution(heading: str, counts: Counts, width: float, label_room: float) -> Section:
    total = sum(counts.values())
    rows = [
        (name, f"{tasks:,}", f"{tasks / total:.0%}" if total else "0%")
        for name, tasks in counts.items()
    ]
    said = ", ".join(f"{name} {tasks}" for name, tasks, _ in rows) or "no tasks"
    return Section(
        heading=heading,
        description=f"Tasks {heading.lower()}: {said}.",
        scene=charts.bars(counts, width, label_room, aside=(OTHERS, NOBODY)),
        head=(heading.removeprefix("By ").capitalize(), "Tasks", "Share"),
        rows=rows,
    )


def _throughput(summary: Summary) -> Section:
    created = Series("Created", summary.created, GREY)
    completed = Series("Completed", summary.completed, ACCENT)
    unit = "day" if summary.period.is_daily else "week"
    return Section(
        heading=f"Created and completed per {unit}",
        description=f"{sum(summary.created):,} tasks were created and {sum(summary.completed):,} "
        f"completed in the period.",
        scene=charts.columns(summary.period.steps, [created, completed], WIDTH),
    )


def _open(summary: Summary) -> Section:
    unit = "day" if summary.period.is_daily else "week"
    first, last = summary.open[0], summary.open[-1]
    return Section(
        heading=f"Open tasks at the end of each {unit}",
        description=f"{first:,} tasks were open at the end of the first {unit} and {last:,} at the "
        f"end of the last.",
        scene=charts.line(summary.period.steps, Series("Open", summary.open, ACCENT), WIDTH),
    )


def _over_time(summary: Summary) -> Section:
    unit = "Day" if summary.period.is_daily else "Week from"
    numbers = zip(summary.created, summary.completed, summary.open, strict=True)
    return Section(
        heading="The numbers over time",
        description="Cancelled and archived tasks count as open until their last change.",
        scene=Scene(0, 0),
        head=(unit, "Created", "Completed", "Still open"),
        rows=[
            (day.isoformat(), *(f"{number:,}" for number in row))
            for day, row in zip(summary.period.steps, numbers, strict=True)
        ],
    )


def _humanised(counts: Counts) -> Counts:
    return {name.replace("_", " ").capitalize(): tasks for name, tasks in counts.items()}


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"
