"""An import, the file that it reads, and what is wrong with it row by row."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.claims import Claims
from app.core.models import Base, BigInt, BigIntId, Instant
from app.users.owned import OwnedWork


class Mode(enum.StrEnum):
    """What an import is to do: only look, import all rows or none, or those that are valid."""

    CHECK = "check"
    ALL = "all"
    VALID = "valid"


class State(enum.StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({State.WAITING, State.CHECKING, State.IMPORTING})
"""A worker is, or should be, at it."""
UNFINISHED = ACTIVE | {State.CHECKED}
"""It keeps its file."""

_ACTIVE = text("state IN ('waiting', 'checking', 'importing')")
_UNFINISHED = text("state IN ('waiting', 'checking', 'importing', 'checked')")


class TaskImport(OwnedWork, Base):
    """One uploaded file and how far it has come.

    `next_record` is the first record of the file (the header is number 1) that no worker is through
    with; it is moved by the transaction that also imports what lies before it.
    """

    called = "import"
    __tablename__ = "task_imports"
    __table_args__ = (
        Index("ix_task_imports_user_id", "user_id", "id"),
        Index("ix_task_imports_ring", "ring_at", postgresql_where=_ACTIVE),
        Index("ix_task_imports_unfinished", "updated_at", postgresql_where=_UNFINISHED),
    )

    board_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("boards.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    mode: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=State.WAITING)
    rows: Mapped[int]
    checked: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(Text)
    next_record: Mapped[int] = mapped_column(default=2)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


CLAIMS = Claims(TaskImport, ACTIVE)
"""Which worker is at which import."""


class ImportFile(Base):
    """The content of an import that is not finished."""

    __tablename__ = "import_files"

    import_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("task_imports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportFault(Base):
    """One thing that is wrong with one row; `row` is its number in a spreadsheet."""

    __tablename__ = "import_faults"
    __table_args__ = (Index("ix_import_faults_import_id", "import_id", "id"),)

    id: Mapped[BigIntId]
    import_id: Mapped[BigInt] = mapped_column(ForeignKey("task_imports.id", ondelete="CASCADE"))
    row: Mapped[int]
    column: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(String(100))
