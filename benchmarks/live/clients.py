"""Thousands of light clients in one process: asyncio and wsproto, both kinds of socket."""

import asyncio
import resource
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from benchmarks.live.dialects import PONG, Dialect, Kind, Said
from benchmarks.live.line import Line, Refused

AT_ONCE = 10
"""Connections that are being opened at a time."""
PER_ADDRESS = 40
"""The service has a limit per address, so the clients come from several of 127.0.0.0/8."""
PATIENCE_SECONDS = 20.0


class Heard(NamedTuple):
    """A message as a client heard it; `event` is empty where it is about no event of a stream."""

    stream: str
    seq: int | None
    event: str
    tells: bool
    at: float


class Client:
    """One person's socket; keeps what it hears of every event."""

    def __init__(self, number: int, user: int, token: str, dialect: Dialect) -> None:
        self.number, self.user, self.dialect = number, user, dialect
        self.heard: list[Heard] = []
        self.is_open = False
        self._token = token
        self._line: Line | None = None
        self._ready = asyncio.Event()
        self._answers: deque[asyncio.Future[dict[str, Any]]] = deque()

    async def connect(self, port: int) -> None:
        """Connect and sign in. Raises OSError, Refused, TimeoutError."""
        self._ready.clear()
        line = Line(self.dialect.path, self.dialect.headers(self._token), self._hear, self._lost)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._open(line, port)
        except BaseException:
            line.cut()  # Or it would be accepted later, beside the next one.
            raise
        if self._line is None:
            raise Refused("The connection was lost.")
        self.is_open = True

    async def _open(self, line: Line, port: int) -> None:
        source = f"127.0.0.{2 + self.number // PER_ADDRESS}"
        await asyncio.get_running_loop().create_connection(
            lambda: line, "127.0.0.1", port, local_addr=(source, 0)
        )
        await line.accepted
        self._line = line
        if (greeting := self.dialect.greeting(self._token)) is not None:
            line.say(greeting)
        if self.dialect.greets:
            await self._ready.wait()

    async def subscribe(self, stream: str, last_seq: int | None = None) -> dict[str, Any]:
        """Ask for a stream; the answer, which has `error` where the server does not let it."""
        text = self.dialect.subscription(stream, last_seq)
        if text is None or self._line is None:
            return {}
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._line.say(text)
        return await asyncio.wait_for(answer, PATIENCE_SECONDS)

    def cut(self) -> None:
        """Lose the connection."""
        if self._line is not None:
            self._line.cut()

    def take(self, heard: Heard) -> None:
        """Keep a message."""
        self.heard.append(heard)

    def learn(self, heads: dict[str, int]) -> None:
        """Called with how far each stream has been sent."""

    def lost(self) -> None:
        """Called once when the connection has ended."""

    def _hear(self, text: str, at: float) -> None:
        said = self.dialect.read(text)
        if said.kind is Kind.MESSAGE:
            self.take(_heard(said.body, at))
        elif said.kind is Kind.PING and self._line is not None:
            self._line.say(PONG)
        else:
            self._go_on(said)

    def _go_on(self, said: Said) -> None:
        if said.kind is Kind.READY:
            self._ready.set()
        elif said.kind is Kind.HEADS:
            self.learn(said.body)
        elif said.kind is Kind.ANSWER and self._answers:
            answer = self._answers.popleft()
            if not answer.done():
                answer.set_result(said.body)

    def _lost(self) -> None:
        self.is_open, self._line = False, None
        self._ready.set()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(Refused("The connection was lost."))
        self._answers.clear()
        self.lost()


def _heard(body: dict[str, Any], at: float) -> Heard:
    # What tells more than an id: a task its title, a comment its text, a notification itself.
    tells = not body.keys().isdisjoint({"title", "body", "notification"})
    return Heard(body["stream"], body.get("seq"), body.get("event_id", ""), tells, at)


async def each(items: Iterable[Client], act: Callable[[Client], Awaitable[object]]) -> None:
    """Do something with every client, a few at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(client: Client) -> None:
        async with places:
            await act(client)

    async with asyncio.TaskGroup() as group:
        for client in items:
            group.create_task(one(client))


def allow_files(count: int) -> None:
    """Make sure that this process and its children may open so many files. Raises ValueError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))


def hang_up(clients: Sequence[Client]) -> None:
    """End all connections."""
    for client in clients:
        client.cut()
