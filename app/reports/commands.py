"""What one request does to reports and their files."""

from collections.abc import Iterator

from app.clients.storage import Missing, StorageError
from app.core.db import unit_of_work
from app.core.errors import Conflict, Gone, Unavailable
from app.extensions import db
from app.reports import files, job_queries, service
from app.reports.models import ReportJob, State
from app.users.actor import Actor


def remove(report_id: int, actor: Actor) -> None:
    """Cancel or delete a report. Raises NotFound."""
    with unit_of_work() as session:
        name = service.remove_report(session, report_id, actor=actor)
    if name is not None:
        files.forget([name])


def open_file(report_id: int, actor: Actor) -> tuple[ReportJob, Iterator[bytes]]:
    """A finished report and its content.

    Raises NotFound, Conflict where there is no file (yet), Gone where there is none any more,
    Unavailable while the storage does not answer.
    """
    session = db.session()
    found = job_queries.get_report(session, report_id, actor)
    if found.state == State.EXPIRED:
        raise Gone("The report has expired; ask for a new one.")
    if found.file_name is None:
        why = f": {found.error}" if found.error else "."
        raise Conflict(f"There is no file; the report is {found.state}{why}")
    # No connection is held while the storage is spoken to, which may hang.
    session.expunge(found)
    session.rollback()
    try:
        return found, files.storage().read(found.file_name)
    except Missing:
        raise Gone("The file of the report is gone; ask for a new one.") from None
    except StorageError:
        raise Unavailable("The storage of reports does not answer.") from None
