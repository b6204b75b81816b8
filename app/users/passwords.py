"""Password hashes (argon2id, the library's recommended cost) and the list of refused passwords."""

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

MIN_LENGTH = 8
MAX_LENGTH = 200
"""Bounds the cost of hashing; far beyond any passphrase."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash of `password`, with its salt and parameters."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether `password` belongs to the hash; as slow for `None` (no such account) as for one."""
    try:
        _hasher.verify(password_hash or _unknown_account(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_common(password: str) -> bool:
    """Whether `password` is among the 30,000 best known (zxcvbn's list)."""
    return password.lower() in _common_passwords()


@functools.cache
def _common_passwords() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


@functools.cache
def _unknown_account() -> str:
    return _hasher.hash("no account has this hash")
