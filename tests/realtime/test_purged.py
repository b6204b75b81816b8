"""What a listener is told who asks for events that retention has taken."""

import pytest
from sqlalchemy import text

from app.audit.retention import forget_events, old_events
from app.core.db import unit_of_work
from app.core.purging import purge
from app.extensions import db
from tests.realtime.conftest import wait_until

pytestmark = pytest.mark.xdist_group("realtime")


def test_a_last_seq_of_before_the_purge_asks_for_a_resync_and_the_stream_goes_on(app, listen, ada):
    project = ada.post("/api/v1/projects/", json={"name": "Apollo"}).json["id"]
    board = ada.get(f"/api/v1/boards/?project={project}").json["results"][0]["id"]
    tasks = [ada.create_task(board=board) for _ in range(3)]
    stream, his = f"project:{project}", listen(ada)
    head = his.ask(stream=stream)["head"]
    assert his.ask(stream=stream, last_seq=0) == {
        "stream": stream,
        "head": head,
        "resync_required": False,
    }
    wait_until(lambda: his.messages(tasks[-1]), 2)

    with app.app_context(), unit_of_work() as session:
        session.execute(text("UPDATE events SET at = now() - interval '100 days'"))
    with app.app_context():
        assert purge(old_events(30), forget_events) > 0
        assert db.session.scalar(text("SELECT count(*) FROM events")) == 1

    assert his.ask(stream=stream, last_seq=0) == {
        "stream": stream,
        "head": head,
        "resync_required": True,
    }
    assert his.ask(stream=stream, last_seq=head) == {
        "stream": stream,
        "head": head,
        "resync_required": False,
    }
    task = ada.create_task(board=board)
    wait_until(lambda: his.messages(task), 2)
    assert his.messages(task)[0]["seq"] == head + 1
