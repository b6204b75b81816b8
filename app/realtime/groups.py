"""Who belongs to what, so that nobody has to be searched for."""

from collections.abc import Collection, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
M = TypeVar("M", bound=Hashable)


class Groups(Generic[K, M]):
    """Members of groups, and the groups that somebody is in: an empty one is forgotten."""

    def __init__(self) -> None:
        self._members: dict[K, set[M]] = {}

    def add(self, key: K, member: M) -> None:
        """Put somebody into a group."""
        self._members.setdefault(key, set()).add(member)

    def discard(self, key: K, member: M) -> None:
        """Take somebody out of a group, if in it."""
        members = self._members.get(key)
        if members is not None:
            members.discard(member)
            if not members:
                del self._members[key]

    def of(self, key: K) -> Collection[M]:
        """Those in a group; to be copied where it may change meanwhile."""
        return self._members.get(key, frozenset())

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._members))
