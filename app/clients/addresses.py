"""Which addresses a stranger may make this service speak to: public ones, and what is allowed."""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORTS = {"http": 80, "https": 443}
_LOCALHOST = ("127.0.0.1", "::1")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_PUBLIC_V6 = ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared by the customers of a provider
        "168.63.129.16/32",  # Azure's own services, seen from within
        "192.0.0.0/24",  # protocols
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocols, Teredo among them, which holds an IPv4 address
        "2002::/16",  # 6to4 holds an IPv4 address
        "3fff::/20",  # documentation
    )
)
"""What Python's `is_global` says of these depends on its version."""


class UnsafeAddress(Exception):
    """Nothing may be sent there; the text says why. No socket was opened."""


class Destination(NamedTuple):
    """The parts of a checked URL: `host` is a name or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def destination(url: str, allowed: Collection[Network]) -> Destination:
    """Take a URL apart. Raises UnsafeAddress for all that can be told without asking for a name."""
    if not re.fullmatch(r"[!-\[\]-~]+", url):
        raise UnsafeAddress("the URL must be ASCII without blanks and backslashes")
    parts, port = _split(url)
    if parts.scheme not in _PORTS:
        raise UnsafeAddress("the URL must begin with http:// or https://")
    if "@" in parts.netloc:
        raise UnsafeAddress("the URL must not hold a user or a password")
    host = (parts.hostname or "").removesuffix(".")
    for literal in _literals(host, parts.netloc):
        require_permitted(literal, allowed)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Destination(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def require_permitted(address: Address, allowed: Collection[Network]) -> None:
    """Raise UnsafeAddress unless an address is public or in one of the `allowed` networks.

    The text does not repeat the address: it would tell a stranger what names mean in here.
    """
    if not (_is_public(address) or any(address in network for network in allowed)):
        raise UnsafeAddress("the address is not a public one")


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeAddress("the URL has no valid host and port") from None
    if port == 0:
        raise UnsafeAddress("the URL has no valid host and port")
    return parts, port


def _literals(host: str, authority: str) -> list[Address]:
    """The addresses that a host spells out; none for a name.

    A host whose last part is a number would be read as an address by the operating system, in
    decimal, octal or hexadecimal and with parts left out. Only the usual spelling is taken.
    """
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return [ip_address(text) for text in _LOCALHOST]
    try:
        if "[" in authority and "%" not in host:
            return [IPv6Address(host)]
        if _NUMBER.fullmatch(host):
            return [IPv4Address(host)]
    except ValueError:
        raise UnsafeAddress("the address is not written in the usual way") from None
    if not _NAME.fullmatch(host):
        raise UnsafeAddress("the URL has no valid host and port")
    return []


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return False  # IPv4-mapped and NAT64 addresses are out here too
    return not any(address in network for network in _NOT_PUBLIC)
