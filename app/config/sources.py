"""Where settings come from, besides the environment: optional files of the checkout.

Highest priority first: keyword arguments, the environment, ``.env``, ``config.py`` at the top
level (made by copying ``config.example.py``), and ``DATA_DIR/runtime.env``, which ``run.py`` writes
so that ``flask …`` in another terminal reaches the embedded servers.
"""

import runpy
from pathlib import Path

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

CHECKOUT = Path(__file__).resolve().parents[2]
"""The top folder of the checkout; relative paths and the optional files are below it."""


def data_folder(value: Path) -> Path:
    """Return ``DATA_DIR`` as an absolute path; a relative one is meant from the checkout."""
    return CHECKOUT / value.expanduser()


class _FileSource(PydanticBaseSettingsSource):
    """A source that hands over a whole mapping; an empty value there means "not set"."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._names = _field_by_name(settings_cls)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Do nothing: the base class asks for this method, but :meth:`__call__` never uses it."""
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        """Return the settings that are set here, under the name of their field."""
        found = {n: v for n, v in self.read().items() if n in self._names and v not in (None, "")}
        # A field's own name comes last, because it beats its older alias within one source.
        ordered = sorted(found, key=lambda name: self._names[name] == name)
        return {self._names[name]: found[name] for name in ordered}

    def read(self) -> dict[str, object]:
        """Return every name and value of the file; an absent file is an empty one."""
        raise NotImplementedError


class DotEnvSource(_FileSource):
    """``.env`` at the top level: lines ``NAME=value``, as for docker compose."""

    def read(self) -> dict[str, object]:
        """Return the file's names; ``$`` in a value is an ordinary character, as in passwords."""
        return dict(dotenv_values(CHECKOUT / ".env", interpolate=False))


class PythonFileSource(_FileSource):
    """``config.py`` at the top level: a Python file whose upper-case names are settings."""

    def read(self) -> dict[str, object]:
        """Run the file and return its names."""
        file = CHECKOUT / "config.py"
        return dict(runpy.run_path(str(file))) if file.is_file() else {}


class RuntimeFileSource(_FileSource):
    """``DATA_DIR/runtime.env``: how to reach the embedded servers that ``run.py`` started."""

    def read(self) -> dict[str, object]:
        """Return the file's names, none in production, where no embedded server has a place."""
        known = self.current_state
        if known.get("ENVIRONMENT") == "production":
            return {}
        folder = data_folder(Path(known.get("DATA_DIR") or "instance"))
        values: dict[str, object] = dict(dotenv_values(folder / "runtime.env", interpolate=False))
        if known.get("DB_NAME"):
            # A person who names a database means that one, not the embedded one of an earlier run.
            values.pop("DATABASE_URL", None)
        return values


def _field_by_name(settings_cls: type[BaseSettings]) -> dict[str, str]:
    """Map every accepted name, aliases included, to its field."""
    names: dict[str, str] = {}
    for field, info in settings_cls.model_fields.items():
        alias = info.validation_alias
        for name in (field, *getattr(alias, "choices", ())):
            names[str(name)] = field
    return names
