"""Write ``config.example.py`` and ``.env.example`` from the settings: ``make config-examples``."""

import textwrap
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.config.settings import Settings
from app.config.sources import CHECKOUT

_WIDTH = 98

_PYTHON_HEADER = '''\
"""Every setting with its type, default and effect.

Copy this file to config.py and change what you need; the copy is not committed. The environment and
.env win over it. An empty text and None mean "not set".

Generated from app/config/settings.py by `make config-examples`.
"""

from typing import Literal
'''

_ENV_HEADER = """\
# Every setting with its default, commented out: a copy named .env changes nothing until a line is
# uncommented. The environment wins over .env, and .env over config.py.
#
# Generated from app/config/settings.py by `make config-examples`.
"""


def python_example() -> str:
    """Return the text of ``config.example.py``."""
    entries = [
        f"{_comment(field)}\n{name}: {_type_text(field)} = {_python_value(field)}\n"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([_PYTHON_HEADER, *entries])


def env_example() -> str:
    """Return the text of ``.env.example``."""
    entries = [
        f"{_comment(field)}\n# {name}={_env_value(field)}\n"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([_ENV_HEADER, *entries])


def write_examples(folder: Path = CHECKOUT) -> None:
    """Write both files."""
    (folder / "config.example.py").write_text(python_example(), encoding="utf-8")
    (folder / ".env.example").write_text(env_example(), encoding="utf-8")


def _comment(field: FieldInfo) -> str:
    return textwrap.fill(
        field.description or "", _WIDTH, initial_indent="# ", subsequent_indent="# "
    )


def _type_text(field: FieldInfo) -> str:
    """Write the type as one would in Python; a derived default adds None, for "not set"."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        text = f"Literal[{', '.join(_quoted(choice) for choice in get_args(kind))}]"
    elif get_origin(kind) is list:
        text = "list[str]"
    else:
        text = "str" if kind is Path else getattr(kind, "__name__", str(kind))
    return f"{text} | None" if field.default_factory else text


def _python_value(field: FieldInfo) -> str:
    default = _default(field)
    if isinstance(default, list):
        return f"[{', '.join(_quoted(entry) for entry in default)}]"
    return _quoted(default) if isinstance(default, str) else repr(default)


def _env_value(field: FieldInfo) -> str:
    default = _default(field)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ",".join(default)
    return "" if default is None else str(default)


def _default(field: FieldInfo) -> object:
    """Return the default; None where it is derived from other settings."""
    if field.default_factory:
        return None
    return str(field.default) if isinstance(field.default, Path) else field.default


def _quoted(text: object) -> str:
    return f'"{text}"'


if __name__ == "__main__":
    write_examples()
