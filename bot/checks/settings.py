"""The settings, read as far as they can be: what is wrong in one part keeps no other from being tried."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings

from bot.checks.item import Item, fails, works
from bot.config import MetaStudioSettings, ReadSettings, Settings, revealed, unknown_keys
from bot.errors import BadSettings
from bot.messages.errors import sentence
from bot.network import variables
from bot.process.secret_files import FileProblem

SETTINGS: Final = "settings"
WRONG: Final = "its settings are missing or wrong"
"""Why a part can't be tried whose own settings can't be read."""


class Part(Enum):
    """What can be tried by itself, with the fields that it takes."""

    BOT_TOKEN = ("slack_bot_token", "slack_api_url")
    MODE = ("slack_app_token", "slack_signing_secret", "slack_api_url")
    STORE = ("voicejob_store",)
    LISTENING = ("voicejob_host", "port")
    LOG = ("voicejob_log",)
    METASTUDIO = tuple(MetaStudioSettings.model_fields)


SENDING: Final = frozenset({Part.BOT_TOKEN, Part.MODE, Part.METASTUDIO})
"""What is tried over the network."""


@dataclass(frozen=True)
class Read:
    """Settings in which only the fields of ``parts`` are sound; ``problems`` keep the bot from starting.

    ``unknown`` has a sentence for each key that looks like a setting and is none.
    """

    settings: Settings
    parts: frozenset[Part] = frozenset(Part)
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def item(self) -> Item:
        """What came of reading them, with a line for each problem."""
        if self.problems:
            return fails(SETTINGS, sentence(BadSettings([*self.problems, *self.unknown])))
        mode = "Socket Mode" if self.settings.slack_app_token else "HTTP mode"
        found = f"all are there: {mode}, region “{self.settings.metastudio_region}”"
        return works(SETTINGS, "\n".join([found, *self.unknown]))

    @property
    def in_http_mode(self) -> bool:
        """Whether Slack reaches the bot over HTTP, as far as that is set."""
        return bool(self.settings.slack_signing_secret and not self.settings.slack_app_token)

    @property
    def secrets(self) -> list[str]:
        """The values that nothing may show."""
        values = (getattr(self.settings, name, None) for name in Settings.model_fields)
        return [revealed(value) for value in values if isinstance(value, SecretStr)]


def read() -> Read:
    """Read the settings from the environment and ``.env``, or what can be read of them.

    What the environment says of the network counts as one: nothing can be sent while it is wrong.
    """
    unknown, around = tuple(unknown_keys()), tuple(variables.problems())
    can_send = frozenset(Part) - (SENDING if around else frozenset())
    try:
        return Read(Settings.load(), can_send, around, unknown)
    except BadSettings as error:
        found = {part: values for part in Part if (values := _values(part)) is not None}
        values = _keys_of_mode() | {name: value for each in found.values() for name, value in each.items()}
        problems = (*error.problems, *around)
        return Read(Settings.model_construct(**values), can_send & found.keys(), problems, unknown)


def _values(part: Part) -> dict[str, Any] | None:
    """Read the fields of one part; None if they can't be, or if nothing can be tried with them."""
    try:
        if part is Part.METASTUDIO:
            return dict(_MetaStudio.load())
        values = dict(_model(part.value)())
    except (BadSettings, ValidationError, OSError, UnicodeDecodeError):
        return None
    if part is Part.MODE and not (values["slack_app_token"] or values["slack_signing_secret"]):
        return None
    return values


def _keys_of_mode() -> dict[str, Any]:
    """Read the keys that choose Socket Mode or HTTP mode, however wrong their values are."""
    try:
        return dict(_KeysOfMode())
    except (OSError, UnicodeDecodeError):
        return {}


def _model(names: Iterable[str]) -> type[BaseSettings]:
    """Return a class of settings with these fields alone, without the rules for several fields together."""
    fields: dict[str, Any] = {
        name: (Settings.model_fields[name].annotation, Settings.model_fields[name]) for name in names
    }
    return create_model("Part", __base__=ReadSettings, **fields)


class _KeysOfMode(ReadSettings):
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        if isinstance(value, FileProblem):
            return "?"  # it can't be read, and tells the mode all the same
        return value.strip() if isinstance(value, str) else value


class _MetaStudio(MetaStudioSettings):
    """What asking MetaStudio takes: the console's address does not belong to it, and may be wrong."""

    voicejob_console_url: str | None = None
