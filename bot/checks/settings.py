"""The settings, read as far as they can be: what is wrong in one part keeps no other from being tried."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings

from bot.checks.item import Item, fails, works
from bot.config import MetaStudioSettings, Settings, revealed
from bot.errors import BadSettings

SETTINGS: Final = "settings"
WRONG: Final = "its settings are missing or wrong"
"""Why a part can't be tried whose own settings can't be read."""


class Part(Enum):
    """What can be tried by itself, with the fields that it takes."""

    BOT_TOKEN = ("slack_bot_token", "slack_api_url")
    WAY = ("slack_app_token", "slack_signing_secret", "slack_api_url")
    STORE = ("voicejob_store",)
    LOG = ("voicejob_log",)
    METASTUDIO = tuple(MetaStudioSettings.model_fields)


@dataclass(frozen=True)
class Read:
    """Settings in which only the fields of ``parts`` are sound; ``problems`` keep the bot from starting."""

    settings: Settings
    parts: frozenset[Part] = frozenset(Part)
    problems: tuple[str, ...] = ()

    @property
    def item(self) -> Item:
        """Say what came of reading them."""
        if self.problems:
            return fails(SETTINGS, f"{BadSettings.says} {'; '.join(self.problems)}")
        way = "Socket Mode" if self.settings.slack_app_token else "HTTP mode"
        return works(SETTINGS, f"all are there: {way}, region “{self.settings.metastudio_region}”")

    @property
    def secrets(self) -> list[str]:
        """List the values that nothing may show."""
        values = (getattr(self.settings, name, None) for name in Settings.model_fields)
        return [revealed(value) for value in values if isinstance(value, SecretStr)]


def read() -> Read:
    """Read the settings from the environment and ``.env``, or what can be read of them."""
    try:
        return Read(Settings.load())
    except BadSettings as error:
        found = {part: values for part in Part if (values := _values(part)) is not None}
        values = {name: value for each in found.values() for name, value in each.items()}
        return Read(Settings.model_construct(**values), frozenset(found), tuple(error.problems))


def _values(part: Part) -> dict[str, Any] | None:
    """Read the fields of one part; None if they can't be, or if nothing can be tried with them."""
    try:
        if part is Part.METASTUDIO:
            return dict(MetaStudioSettings.load())
        values = dict(_model(part.value)())
    except (BadSettings, ValidationError, OSError, UnicodeDecodeError):
        return None
    if part is Part.WAY and not (values["slack_app_token"] or values["slack_signing_secret"]):
        return None
    return values


def _model(names: Iterable[str]) -> type[BaseSettings]:
    """Make settings of these fields alone, without what several fields must be together."""
    fields: dict[str, Any] = {
        name: (Settings.model_fields[name].annotation, Settings.model_fields[name]) for name in names
    }
    return create_model("Part", __base__=_Stripped, **fields)


class _Stripped(BaseSettings):
    """Reads as ``Settings`` does."""

    model_config = Settings.model_config

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value
