"""TCP ports and addresses: which are free, and who to tell when one is not."""

import errno
import socket

from embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    try:
        with socket.create_server((LOOPBACK, port)):
            return True
    except OSError:
        return False


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[host]:port``."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def check_address(address: str, command: str) -> None:
    """Make sure that a server can listen on ``host:port``.

    ``command`` is what the person typed; the advice repeats it with another port. Raises
    :class:`EmbeddedError` with a text that says why not, and what to do.
    """
    host, port = split_address(address)
    try:
        family, kind, *_, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            # As the web server does it: connections of an earlier run in TIME_WAIT do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            # On Linux, bind alone succeeds beside a listener that set the same option.
            probe.listen(1)
    except OSError as error:
        advice = f"BIND={address.removesuffix(str(port))}{_another(port)} {command}"
        raise EmbeddedError(f"{address} {_reason(error, advice)}") from None


def _another(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 5001


def _reason(error: OSError, advice: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"is in use by another program; stop it, or choose another address: {advice}"
    if error.errno == errno.EACCES:
        return f"needs a privileged user; choose a port from 1024 upwards: {advice}"
    return f"is not an address of this machine ({error.strerror}); change BIND"
