"""Run the whole service on one machine, in the foreground: ``python run.py``.

Starts an embedded PostgreSQL and an embedded Redis-compatible server (unless DATABASE_URL and
REDIS_URL are set), migrates the database, then runs the web server, the relay, the worker and the
scheduler until Ctrl-C or SIGTERM. Everything it keeps is in DATA_DIR (default: instance/).
Settings come from the environment, .env and config.py; .env.example explains each.
"""

import argparse
import http.client
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from app.config import Settings, SettingsError, load_settings
from embedded import (
    EmbeddedError,
    FolderLock,
    PostgresServer,
    ProcessSpec,
    Supervisor,
    ValkeyServer,
)
from embedded.ports import check_address, split_address
from embedded.server import EmbeddedServer, write_private
from workers.processes import commands

ROOT = Path(__file__).resolve().parent
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not bound to
COMMAND = "./quick-start.sh"


def main() -> int:
    """Run the service and return the exit code."""
    argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    signal.signal(signal.SIGTERM, _leave)
    try:
        with ExitStack() as stack:
            return _run(stack)
    except (EmbeddedError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Nobody reads the output any more; the interpreter's last flush shall not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(stack: ExitStack) -> int:
    settings = _locked_settings(stack)
    for address in settings.BIND:
        check_address(address, COMMAND)
    servers = _servers(settings)
    specs = [_prepared(server, stack) for server in servers.values()]
    found = {name: server.url for name, server in servers.items()} | _secret_key(settings)
    stack.enter_context(_runtime_file(settings.DATA_DIR, found))
    # The children inherit it, and for the settings it is as if a person had set them.
    os.environ.update(found, BIND=",".join(settings.BIND), PYTHONUNBUFFERED="1")
    settings = load_settings()
    print("Starting the service …", flush=True)
    return Supervisor([*specs, *_service(settings)]).run(
        lambda: print(_welcome(settings), flush=True)
    )


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Turn SIGTERM into an exit that cleans up, for the time before the supervisor handles it."""
    raise SystemExit(128 + signal.SIGTERM)


def _locked_settings(stack: ExitStack) -> Settings:
    """Lock DATA_DIR and return the settings without what a killed run left behind there."""
    data_dir = _known_settings().DATA_DIR
    # Root's PostgreSQL runs as another user, which has to get through.
    data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    stack.enter_context(FolderLock(data_dir, data_dir / "run.lock"))
    (data_dir / "runtime.env").unlink(missing_ok=True)
    settings = _known_settings()
    # Nothing is provided in production: there, what is missing is an error.
    return load_settings() if settings.is_production else settings


def _known_settings() -> Settings:
    """Return the settings as they are before this program adds those that it can provide."""
    try:
        return Settings()
    except ValidationError:
        return load_settings()  # fails as well, in words made for people


def _servers(settings: Settings) -> dict[str, EmbeddedServer]:
    """Return the embedded servers that are needed, by the setting each one provides."""
    servers: dict[str, EmbeddedServer] = {}
    if not settings.DATABASE_URL:
        servers["DATABASE_URL"] = PostgresServer(settings.DATA_DIR / "postgres")
    if not settings.REDIS_URL:
        servers["REDIS_URL"] = ValkeyServer(settings.DATA_DIR / "valkey")
    return servers


def _prepared(server: EmbeddedServer, stack: ExitStack) -> ProcessSpec:
    new = not server.folder.exists()
    print(
        f"Preparing {server.name} in {server.folder}" + (" (first start)" if new else ""),
        flush=True,
    )
    spec = server.prepare()
    stack.callback(server.release)
    if server.folder.is_symlink():
        print(f"  its files are in {server.folder.resolve()}, where its user can reach them")
    return spec


def _secret_key(settings: Settings) -> dict[str, str]:
    """Return the SECRET_KEY of this DATA_DIR, unless one is set; make it at the first start."""
    if settings.SECRET_KEY:
        return {}
    file = settings.DATA_DIR / "secret_key"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(48))
    return {"SECRET_KEY": file.read_text().strip()}


@contextmanager
def _runtime_file(data_dir: Path, found: Mapping[str, str]) -> Iterator[None]:
    """Keep a file from which ``flask …`` in another terminal learns how to reach the servers."""
    file = data_dir / "runtime.env"
    write_private(file, "".join(f"{name}={value}\n" for name, value in found.items()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _service(settings: Settings) -> list[ProcessSpec]:
    """Return the processes of the service itself, in the order in which they start."""
    specs = {
        name: ProcessSpec(name=name, command=command, cwd=ROOT)
        for name, command in commands(settings).items()
    }
    specs["migrate"] = _once(specs["migrate"])
    specs["web"] = _awaited(specs["web"], lambda: _answers(settings))
    return list(specs.values())


def _once(spec: ProcessSpec) -> ProcessSpec:
    return ProcessSpec(**{**vars(spec), "once": True})


def _awaited(spec: ProcessSpec, is_ready: Callable[[], bool]) -> ProcessSpec:
    return ProcessSpec(**{**vars(spec), "is_ready": is_ready})


def _answers(settings: Settings) -> bool:
    """Tell whether the web server says that it is ready."""
    host, port = split_address(settings.BIND[0])
    named = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    connection = http.client.HTTPConnection(WILDCARDS.get(host, host), port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": named[0]} if named else {})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(settings: Settings) -> str:
    base = settings.PUBLIC_URL.rstrip("/")
    mails = f"sent through {settings.EMAIL_HOST}"
    if not settings.EMAIL_HOST:
        mails = f"written to {settings.DATA_DIR / 'mail'}/"
    return f"""
  The service is running.

    Page        {base}/
    API docs    {base}/api/docs/
    Health      {base}/api/health/
    E-mails     {mails}

  The README has the first requests: register, sign in, create a task. To make an administrator, in
  another terminal:

    {_flask_command("create-admin")}

  Ctrl-C stops everything; {COMMAND} starts it again with the same data.
"""


def _flask_command(command: str) -> str:
    """Return a command for any shell, in whatever folder and whatever its path looks like."""
    script = Path(sys.executable).with_name("flask")
    flask = f".venv/bin/flask {command}"
    if script != ROOT / ".venv" / "bin" / "flask":
        flask = f"{shlex.quote(sys.executable)} -m flask {command}"
    return f"cd {shlex.quote(str(ROOT))} && {flask}"


if __name__ == "__main__":
    sys.exit(main())
