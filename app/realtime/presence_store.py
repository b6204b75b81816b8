"""Who looks at which board in the other processes: data in Redis that expires by itself.

Every process keeps one value for each board that somebody looks at through it, and a set names the
processes that have one. A process that dies leaves nothing behind: its values expire.
"""

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import redis
from redis.client import Pipeline

from app.core.cache import Cache

EXPIRY_SECONDS = 10.0
"""After so long without being written anew, what a process has told is forgotten."""


class Person(NamedTuple):
    """Somebody who looks at a board; `typing` is the id of the task that he or she writes about."""

    id: int
    username: str
    typing: int | None = None


People = tuple[Person, ...]


class PresenceStore:
    """What this process shows to the others, and sees of them.

    It has connections and a circuit breaker of its own: whoever waits here for a Redis that hangs
    keeps nobody else waiting.
    """

    def __init__(self, url: str) -> None:
        self._cache, self._process = Cache(url), uuid.uuid4().hex

    def exchange(
        self, own: Mapping[int, People], boards: Collection[int]
    ) -> Mapping[int, Collection[Person]]:
        """Write the people of the boards in `own`, then read who else looks at `boards`.

        It costs one round trip for all of them. Raises CacheUnavailable.
        """
        if not own and not boards:
            return {}

        def talk(client: redis.Redis) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            for board, people in own.items():
                self._write(pipeline, board, people)
            for board in boards:
                pipeline.sort(_key(board), by="nosort", get=["#", _key(board, "*")])
            answers = list(pipeline.execute())
            return answers[len(answers) - len(boards) :]

        found = self._cache.call(talk)
        told = {
            board: dict(zip(flat[::2], flat[1::2], strict=True))
            for board, flat in zip(boards, found, strict=True)
        }
        self._forget_the_dead(told)
        return {board: list(self._others(values)) for board, values in told.items()}

    def _write(self, pipeline: Pipeline, board: int, people: People) -> None:
        if not people:
            pipeline.delete(_key(board, self._process))
            pipeline.srem(_key(board), self._process)
            return
        milliseconds = int(EXPIRY_SECONDS * 1000)
        pipeline.set(_key(board, self._process), json.dumps(people), px=milliseconds)
        pipeline.sadd(_key(board), self._process)
        pipeline.pexpire(_key(board), milliseconds)

    def _others(self, values: Mapping[str, str | None]) -> Iterator[Person]:
        for process, value in values.items():
            if value is not None and process != self._process:
                yield from (Person(*each) for each in json.loads(value))

    def _forget_the_dead(self, told: Mapping[int, Mapping[str, str | None]]) -> None:
        """Strike processes off the sets whose values have expired; who lives enters again."""
        gone = {
            board: silent
            for board, values in told.items()
            if (silent := [process for process, value in values.items() if value is None])
        }
        for board, silent in gone.items():
            self._cache.call(partial(_strike_off, board, silent))


def _strike_off(board: int, processes: Collection[str], client: redis.Redis) -> None:
    client.srem(_key(board), *processes)


def _key(board: int, process: str = "") -> str:
    """The value of one process for a board; without one, the set of them all."""
    return f"presence:{board}:{process}" if process else f"presence:{board}"
