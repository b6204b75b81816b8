"""Reading JSON from outside within bounds, before any schema sees it.

The standard parser accepts what neither the database nor the API can carry: nesting of any depth,
numbers of any length, NaN, the NUL character, lone surrogates.
"""

import json
from typing import Any, NoReturn

from app.core.errors import BadRequest

MAX_DEPTH = 32
MAX_DIGITS = 30


def loads(raw: bytes | str) -> Any:
    """Parse `raw`. Raises BadRequest with the reason where the service cannot carry it."""
    try:
        value = json.loads(
            raw, parse_constant=_refuse_constant, parse_int=_bounded_int, parse_float=_bounded_float
        )
    except RecursionError:
        raise BadRequest(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from None
    except UnicodeDecodeError:
        raise BadRequest("The body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    _check(value, depth=0)
    return value


def refused_text(text: str) -> str | None:
    """Why `text` cannot be stored, or None where it can."""
    if "\x00" in text:
        return "must not contain the NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "must not contain lone surrogates (half of a character)"
    return None


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        _check_text(value, "The body")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, "A field name")
            if isinstance(item, str):
                _check_text(item, f"{name!r}", field=name)
            else:
                _check(item, depth + 1)


def _check_text(text: str, what: str, field: str | None = None) -> None:
    if reason := refused_text(text):
        raise BadRequest(f"{what} {reason}.", errors={field: [reason]} if field else None)


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"{name} is not valid JSON.")


def _bounded_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise BadRequest(f"The body has a number of more than {MAX_DIGITS} digits.")
    return int(digits)


def _bounded_float(digits: str) -> float:
    if len(digits) > 10 * MAX_DIGITS:
        raise BadRequest("The body has a number of too many digits.")
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise BadRequest("The body has a number that is too large.")
    return number
