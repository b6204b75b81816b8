"""Full-text search over titles, descriptions and comments.

The words of all languages alike, without accents and stems; a word also finds longer ones that
begin with it. The syntax is that of web search engines: `"a phrase"`, `-without`, `this or that`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    union,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from app.core.errors import Invalid
from app.tasks.models import Task

MAX_LENGTH = 200

_CONFIGURATION: ColumnElement[str] = literal_column("'public.task_search'::regconfig")
_TERM = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')

# Comments stand above tasks and are not imported; the search reads them as rows.
_comments = table(
    "comments",
    column("id", BigInteger),
    column("task_id", BigInteger),
    column("body", Text),
    column("search", TSVECTOR),
    column("deleted_at", DateTime),
)

# Characters for private use: what they enclose becomes <mark> once the text has been escaped.
_START, _STOP = "\ue000", "\ue001"
_HEADLINE = f"StartSel={_START},StopSel={_STOP},MaxWords=30,MinWords=12"


class Term(NamedTuple):
    """A word or phrase that has to be there, or must not."""

    text: str
    is_phrase: bool
    is_excluded: bool


class Search:
    """A search as the conditions and expressions of a query."""

    def __init__(self, text: str) -> None:
        """Raises Invalid where `text` names nothing to look for."""
        groups = parse(text)
        # What only excludes would match nearly everything.
        if not groups or any(all(term.is_excluded for term in group) for group in groups):
            message = "needs at least one word to look for, on each side of an or"
            raise Invalid.field("search", message)
        self._query = _either(_all_of(group) for group in groups)

    @property
    def matches(self) -> ColumnElement[bool]:
        """Whether the task, or one of its comments, has what is searched for.

        A union and not an OR: each half is then answered by its own index.
        """
        in_tasks = select(Task.id).where(self._in_task, Task.deleted_at.is_(None))
        in_comments = select(_comments.c.task_id).where(*self._in_comment)
        return Task.id.in_(union(in_tasks, in_comments).subquery().select())

    @property
    def relevance(self) -> ColumnElement[int]:
        """How well the task's own text matches, in millionths; what is only in comments has 0."""
        rank = func.ts_rank_cd(Task.search, self._query)
        return cast(func.round(rank * 1_000_000), BigInteger)

    @property
    def snippet(self) -> ColumnElement[str]:
        """The matching part of the text as HTML: escaped, with `<mark>` around what was found."""
        own = Task.title + literal("\n") + Task.description
        comment = (
            select(_comments.c.body)
            .where(_comments.c.task_id == Task.id, *self._in_comment)
            .order_by(_comments.c.id)
            .limit(1)
            .scalar_subquery()
        )
        text = func.translate(case((self._in_task, own), else_=comment), _START + _STOP, "")
        snippet = func.ts_headline(_CONFIGURATION, text, self._query, _HEADLINE)
        for plain, html in (
            ("&", "&amp;"),
            ("<", "&lt;"),
            (">", "&gt;"),
            ('"', "&quot;"),
            (_START, "<mark>"),
            (_STOP, "</mark>"),
        ):
            snippet = func.replace(snippet, plain, html)
        return snippet

    @property
    def _in_task(self) -> ColumnElement[bool]:
        return Task.search.op("@@", is_comparison=True)(self._query)

    @property
    def _in_comment(self) -> Sequence[ColumnElement[bool]]:
        found = _comments.c.search.op("@@", is_comparison=True)(self._query)
        return found, _comments.c.deleted_at.is_(None)


def parse(text: str) -> list[list[Term]]:
    """The alternatives of a search, each a list of terms that must all hold."""
    groups: list[list[Term]] = [[]]
    for phrase_sign, phrase, word_sign, word in _TERM.findall(text):
        if word.lower() == "or" and not word_sign:
            groups.append([])
        elif re.search(r"\w", phrase or word):
            groups[-1].append(Term(phrase or word, bool(phrase), "-" in (phrase_sign, word_sign)))
    return [group for group in groups if group]


def _all_of(terms: Sequence[Term]) -> ColumnElement[str]:
    found, *others = [_term(term) for term in terms]
    for each in others:
        found = found.op("&&")(each)
    return cast(found, TSQUERY)


def _either(groups: Iterable[ColumnElement[str]]) -> ColumnElement[str]:
    found, *others = groups
    for each in others:
        found = found.op("||")(each)
    return cast(found, TSQUERY)


def _term(term: Term) -> ColumnElement[str]:
    build = func.phraseto_tsquery if term.is_phrase else func.plainto_tsquery
    query = build(_CONFIGURATION, term.text)
    if term.is_excluded:
        return func.tsquery_not(query)
    if term.is_phrase:
        return query
    # Of a word that has no letters nothing is left to begin with.
    prefixed = cast(cast(query, Text) + literal(":*"), TSQUERY)
    return case((func.numnode(query) == 0, query), else_=prefixed)
