"""The jobs that carry out imports."""

from app.core.db import unit_of_work
from app.core.jobs import LONG_LIMIT_SECONDS, REPORTS, job
from app.exchange import running
from app.exchange.models import CLAIMS
from app.exchange.service import expire_imports

RUN_JOB = "imports.run"


@job(RUN_JOB, queue=REPORTS, seconds=LONG_LIMIT_SECONDS)
def run_import(import_id: int) -> str:
    """Check or import a file, or a part of it, if nobody else is at it."""
    return running.run_import(import_id)


def carry_on_imports() -> str:
    """Carry on imports that no worker was told of, and drop those that nobody starts."""
    with unit_of_work() as session:
        expired, due = expire_imports(session), CLAIMS.take_due(session)
    done = [running.run_import(import_id) for import_id in due]
    return "; ".join([f"{expired} imports expired", *done])
