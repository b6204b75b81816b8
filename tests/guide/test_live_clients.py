"""The clients of docs/live-clients.md are run as they stand, over a line that is really cut."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from live_clients import Client
from sqlalchemy import create_engine, text
from tree import Tree, User, wait_until

from tests.guide.conftest import ShortTokens

SECONDS = 60


@pytest.fixture(autouse=True)
def connected(clients: list[Client], tokens: ShortTokens, ada: User) -> None:
    """All of them hear before a test begins: a card that is new tells."""
    _all_hear(clients, ada, "Are you there?")
    tokens.is_on = False


def _create(ada: User, *titles: str) -> None:
    for title in titles:
        ada.create(title=title, board=1)


@contextmanager
def _purged(tree: Tree) -> Iterator[None]:
    """All that is in a stream until now is gone, as by the retention of the log, for a while."""
    engine = create_engine(tree.address("DATABASE_URL"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        new = text("SELECT count(*) FROM events WHERE position IS NULL")
        wait_until(lambda: connection.scalar(new) == 0, SECONDS, "positions")
        connection.execute(text("CREATE TABLE purged AS TABLE stream_entries"))
        connection.execute(text("DELETE FROM stream_entries"))
        yield
        connection.execute(text("INSERT INTO stream_entries TABLE purged"))
        connection.execute(text("DROP TABLE purged"))
    engine.dispose()


def _board(ada: User) -> list[str]:
    columns = ada.send("GET", "/boards/1/").json()["columns"]
    return sorted(f"{each['status']}: {each['title']}" for c in columns for each in c["tasks"])


def _all_show_the_board(clients: list[Client], ada: User) -> None:
    expected = _board(ada)
    for each in clients:
        wait_until(lambda each=each: sorted(each.lines()) == expected, SECONDS, f"{each}")


def _all_hear(clients: list[Client], ada: User, title: str) -> None:
    """Each client shows what is made now; nobody was asked whether it is connected yet."""
    _create(ada, title)
    _all_show_the_board(clients, ada)


def test_what_changes_on_the_board_is_heard(clients, ada):
    task = ada.create(title="Paint the fence", board=1)
    path = f"/tasks/{task['id']}/"
    ada.send("POST", f"{path}move/", json={"status": "DONE"}).raise_for_status()
    ada.send("POST", f"{path}comments/", json={"body": "Done."}).raise_for_status()
    assert "DONE: Paint the fence" in _board(ada)
    _all_show_the_board(clients, ada)
    ada.send("DELETE", path).raise_for_status()
    _all_show_the_board(clients, ada)


def test_nothing_is_missed_while_the_line_is_cut(clients, cable, ada):
    titles = [f"While cut {number}" for number in range(10)]
    cable.cut()
    _create(ada, *titles)
    cable.mend()
    _all_hear(clients, ada, "Mended")
    for each in clients:
        assert [title for title in each.heard() if title in titles] == titles
        assert each.heard()[-1] == "Mended"


def test_nothing_is_missed_when_the_line_is_cut_again_and_again(clients, cable, ada):
    titles = [f"Flapping {number}" for number in range(12)]
    for number, title in enumerate(titles):
        if number % 4 == 2:
            cable.cut()
            cable.mend()
        _create(ada, title)
    _all_show_the_board(clients, ada)
    for each in clients:
        assert [title for title in each.heard() if title in titles] == titles


def test_who_missed_what_is_purged_reads_again(clients, tree, cable, ada):
    titles = ["Purged 1", "Purged 2"]
    cable.cut()
    _create(ada, *titles)
    with _purged(tree):
        cable.mend()
        _all_hear(clients, ada, "Not purged")
    for each in clients:
        assert not set(titles) & set(each.heard())


def test_nothing_is_missed_when_the_service_dies(clients, tree, ada):
    _create(ada, "Before")
    for process in tree.children("gunicorn")[1:]:  # the first one starts others for them
        process.kill()
    wait_until(tree.is_ready, SECONDS, "readiness")
    _create(ada, "After 1", "After 2")
    _all_show_the_board(clients, ada)
    for each in clients:
        assert each.heard()[-3:] == ["Before", "After 1", "After 2"]


def test_an_expired_token_is_refreshed(clients, tokens, ada):
    wait_until(lambda: time.time() > tokens.until + 1, SECONDS, "the end of the first tokens")
    _all_hear(clients, ada, "Still here")
    assert all(each.heard()[-1] == "Still here" for each in clients)
    assert tokens.refreshed >= len(clients)
