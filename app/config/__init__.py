"""Settings: read once at start, checked, then handed over as one frozen object."""

from typing import cast

from flask import current_app
from pydantic import ValidationError

from app.config.checks import Problem, problems
from app.config.settings import ExplicitSettings, Settings

__all__ = [
    "ExplicitSettings",
    "Problem",
    "Settings",
    "SettingsError",
    "current_settings",
    "explicit_settings",
    "load_settings",
]


class SettingsError(RuntimeError):
    """The service cannot start with these settings; the text names each one and what to do."""

    def __init__(self, found: list[Problem]) -> None:
        self.problems = found
        lines = [f"  {name} {advice}" for name, advice in found]
        super().__init__("\n".join(["Cannot start with these settings:", *lines]))


def load_settings(**overrides: object) -> Settings:
    """Read the settings from every source and check them; keyword arguments win.

    Raises :class:`SettingsError`.
    """
    return _checked(Settings, overrides)


def explicit_settings(**values: object) -> Settings:
    """Build checked settings from keyword arguments alone, for tests and tools.

    Raises :class:`SettingsError`.
    """
    return _checked(ExplicitSettings, values)


def current_settings() -> Settings:
    """Return the settings of the current Flask application."""
    return cast(Settings, current_app.config["SETTINGS"])


def _checked(kind: type[Settings], values: dict[str, object]) -> Settings:
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        # The cause is dropped, because its text could show a value and with it a secret.
        raise SettingsError(_described(error)) from None
    if found := problems(settings):
        raise SettingsError(found)
    return settings


def _described(error: ValidationError) -> list[Problem]:
    """Return pydantic's errors as problems, in words and without the values."""
    entries = error.errors(include_input=False, include_url=False, include_context=False)
    found = {
        Problem(str(entry["loc"][0]), _sentence(entry["type"], entry["msg"])): None
        for entry in entries
        # A default that could not be derived is only a consequence of another error.
        if entry["type"] != "default_factory_not_called"
    }
    return list(found)


def _sentence(kind: str, message: str) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"is wrong: {message[:1].lower()}{message[1:]}"
