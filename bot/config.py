"""Settings: read once, from the environment and a ``.env`` file, with all problems reported together.

Secrets may be in files, too. The environment comes first, with the files that it names; then systemd's
credentials; then ``.env``, with the files that it names.

A field is named like its key, in lower case. Secrets are SecretStr, which prints as stars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.domain.languages import Language
from bot.domain.reminders import ReminderTimes, Window
from bot.errors import BadSettings
from bot.process import setting_types as types
from bot.process import sources
from bot.process.secret_files import SecretFile, SecretFileError, quoted_path, read_secret
from bot.process.sources import SECRET_KEYS, Given, field_of
from bot.telemetry.logs import LogFormat

_SECRETS: Final = frozenset(map(field_of, SECRET_KEYS))
_SIGN_INS: Final = (
    ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
    ("HUAWEICLOUD_IAM_USER", "HUAWEICLOUD_IAM_PASSWORD", "HUAWEICLOUD_IAM_DOMAIN"),
    ("METASTUDIO_AUTH_TOKEN",),
)
"""The ways to authenticate with MetaStudio: all keys of exactly one are needed."""
_ASKED_FOR: Final = frozenset({"missing", "unset"})
_MISSING: Final = _ASKED_FOR | {"beside"}
"""Types of errors that are about something missing, and those of them for which ``voicejob init`` asks."""
INIT: Final = "`voicejob init` asks for what is missing, and says where it is found."


S = TypeVar("S", bound="ReadSettings")


@dataclass(frozen=True)
class Reading(Generic[S]):
    """Settings as far as they can be read: all but the fields in ``wrong``. Each problem is a line.

    ``hint`` is one about what helps, where something is missing.
    """

    settings: S
    wrong: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    hint: str = ""


class ReadSettings(BaseModel):
    """Settings that are read from their sources, without blanks around the values."""

    model_config = ConfigDict(frozen=True)
    _files: dict[str, SecretFile] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Read the settings from all sources. Raises BadSettings with every problem."""
        reading = cls.read()
        if reading.problems:
            raise BadSettings(list(reading.problems), hint=reading.hint)
        return reading.settings

    @classmethod
    def read(cls) -> Reading[Self]:
        """Read what can be read of the settings from all sources."""
        try:
            given = sources.read_sources()
        except (OSError, UnicodeDecodeError) as error:
            nothing = cast("Self", cls.model_construct())
            return Reading(nothing, frozenset(cls.model_fields), (sources.unreadable_file(error),))
        return cls.of(given)

    @classmethod
    def of(cls, given: Given) -> Reading[Self]:
        """Return what can be read of the settings from what the sources give."""
        # A secret that is wrong is set all the same: that chooses between Socket Mode and HTTP mode.
        found: dict[str, Any] = {
            name: SecretStr("?" if isinstance(value, SecretFileError) else value)
            for name, value in given.values.items()
            if name in _SECRETS
        }
        errors: list[ErrorDetails] = []
        try:
            settings = cls.model_validate(given.values, context=found)
        except ValidationError as error:
            settings, errors = cast("Self", cls.model_construct(**found)), error.errors()
        settings._files = given.files  # noqa: SLF001  of its own class
        wrong = frozenset(str(error["loc"][0]) for error in errors)
        hint = INIT if any(error["type"] in _ASKED_FOR for error in errors) else ""
        return Reading(settings, wrong, (*given.problems, *_lines(errors, given.files)), hint)

    @field_validator("*", mode="wrap")
    @classmethod
    def _validate(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Validate a field, and add its value to those that ``read`` has found."""
        if isinstance(value, SecretFileError):
            raise _problem(str(value))
        sound = check(value.strip() if isinstance(value, str) else value)
        if info.context is not None:
            info.context[info.field_name] = sound
        return sound


class MetaStudioSettings(ReadSettings):
    """The settings for looking up a job, read by ``load``."""

    metastudio_region: types.Name = "cn-north-4"
    metastudio_endpoint: types.Address | None = None
    huaweicloud_sdk_project_id: types.Name
    huaweicloud_sdk_iam_endpoint: types.Address | None = None
    metastudio_app_user_id: types.Header | None = None
    voicejob_console_url: types.ConsoleUrl | None = None
    voicejob_language: Annotated[Language, types.rule("en|zh", "must be en or zh")] = Language.EN
    huaweicloud_sdk_ak: types.Secret | None = None
    huaweicloud_sdk_sk: types.Secret | None = None
    huaweicloud_sdk_security_token: types.Secret | None = None
    huaweicloud_iam_user: str | None = None
    huaweicloud_iam_password: SecretStr | None = None
    huaweicloud_iam_domain: str | None = None
    metastudio_auth_token: types.Secret | None = Field(None, validate_default=True)

    @field_validator("metastudio_auth_token")
    @classmethod
    def _one_sign_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Check the ways to authenticate in the last of their fields, when the others are known."""
        # A field whose own value was refused is not in the data: it was set all the same.
        data = info.data | {"metastudio_auth_token": value}
        given = {key for way in _SIGN_INS for key in way if data.get(key.lower(), "refused")}
        begun = [way for way in _SIGN_INS if given.intersection(way)]
        if not begun:
            ways = ", or ".join(" and ".join(way) for way in _SIGN_INS)
            raise _problem(f"MetaStudio needs credentials: set {ways}", "unset")
        if len(begun) > 1:
            keys = ", ".join(key for way in _SIGN_INS for key in way if key in given)
            raise _problem(
                f"{keys}: these are different ways to sign in to MetaStudio; keep one and unset the rest"
            )
        if missing := [key for key in begun[0] if key not in given]:
            raise _problem(f"{', '.join(missing)}: needed beside {', '.join(sorted(given))}", "beside")
        if data.get("huaweicloud_sdk_security_token") and "HUAWEICLOUD_SDK_AK" not in given:
            raise _problem(
                "HUAWEICLOUD_SDK_SECURITY_TOKEN: needs HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK beside it"
            )
        return value

    @property
    def has_files(self) -> bool:
        """Whether a secret for MetaStudio came from a file."""
        return not _METASTUDIOS.isdisjoint(self._files)

    def read_again(self) -> Self:
        """Return the settings with the secrets for MetaStudio read from their files again.

        Raises BadSettings if one can't be read.
        """
        found: dict[str, SecretStr] = {}
        for name, file in self._files.items():
            if name not in _METASTUDIOS:
                continue
            try:
                value = SecretStr(read_secret(file.path))
                # A password may hold any character.
                found[name] = value if name == "huaweicloud_iam_password" else types.secret(value)
            except (SecretFileError, ValueError) as error:
                raise BadSettings([file.problem(error)]) from None
        return self.model_copy(update=found)

    @property
    def endpoint(self) -> str:
        """MetaStudio's address: as set, or the region's own."""
        return self.metastudio_endpoint or f"https://metastudio.{self.metastudio_region}.myhuaweicloud.com"

    @property
    def iam_endpoint(self) -> str:
        """IAM's address: as set, or the region's own."""
        return self.huaweicloud_sdk_iam_endpoint or f"https://iam.{self.metastudio_region}.myhuaweicloud.com"

    def console_url(self, job_id: str) -> str | None:
        """Return the address of the job's page in the console, if a template is set."""
        return self.voicejob_console_url and self.voicejob_console_url.replace("{job_id}", job_id)


_METASTUDIOS: Final = frozenset(MetaStudioSettings.model_fields)


def _window(value: Any) -> Any:
    return Window.parse(value) if isinstance(value, str) else value


class Settings(MetaStudioSettings):
    """The settings for running the bot, read by ``load``."""

    slack_bot_token: types.BotToken
    slack_app_token: types.AppToken | None = None
    slack_signing_secret: types.Secret | None = Field(None, validate_default=True)
    slack_api_url: types.Address = "https://slack.com/api"
    # Slack, or the proxy before the bot, must reach it in HTTP mode.
    voicejob_host: types.Host = "0.0.0.0"  # noqa: S104
    port: types.Port = 3000
    voicejob_log: Annotated[LogFormat, types.rule("text|json", "must be text or json")] = LogFormat.TEXT
    voicejob_store: Path = Path("voicejob.sqlite")
    voicejob_poll_seconds: types.PollSeconds = 60
    voicejob_remind_hours: types.RemindHours = 24
    voicejob_remind_when: Annotated[Window, BeforeValidator(_window)] = Window.parse("mon-fri 09:00-18:00")
    voicejob_timezone: types.TimeZone = ZoneInfo("UTC")

    @property
    def is_http_mode(self) -> bool:
        """Whether Slack reaches the bot over HTTP, and not by Socket Mode."""
        return bool(self.slack_signing_secret and not self.slack_app_token)

    @property
    def reminder_times(self) -> ReminderTimes:
        """When reminders are due."""
        return ReminderTimes(self.voicejob_remind_hours, self.voicejob_remind_when, self.voicejob_timezone)

    @field_validator("slack_signing_secret")
    @classmethod
    def _one_mode(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if not value and not info.data.get("slack_app_token", "refused"):
            raise _problem(
                "Slack needs a way in: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)",
                "unset",
            )
        return value


def _problem(line: str, kind: Literal["sentence", "unset", "beside"] = "sentence") -> PydanticCustomError:
    """Return an error whose message is the whole line; the other kinds are about what is missing."""
    return PydanticCustomError(kind, "{sentence}", {"sentence": line})


def _lines(errors: list[ErrorDetails], files: Mapping[str, SecretFile]) -> list[str]:
    """Format each error as a line; the first one about something missing says where it was looked for."""
    lines = [_line(error, files) for error in errors]
    missing = (number for number, error in enumerate(errors) if error["type"] in _MISSING)
    if (first := next(missing, None)) is not None:
        lines[first] += f" ({sources.places()})"
    return lines


def _line(error: ErrorDetails, files: Mapping[str, SecretFile]) -> str:
    """Format an error as a line that names the key, and shows the value only where it can be no secret."""
    key, value = str(error["loc"][0]).upper(), str(error["input"])
    if error["type"] == "missing":
        return f"{key}: not set, and needed{types.WHERE.get(key, '')}"
    if error["type"] in _MISSING | {"sentence"}:
        return error["msg"]
    reason = error["msg"].removeprefix("Value error, ")
    if file := files.get(field_of(key)):
        return f"{file.named_by}: {reason} (it is from {quoted_path(file.path)})"
    return f"{key}: {reason} (it is {value!r})" if types.is_shown(key, value) else f"{key}: {reason}"


def problem_with(key: str, value: str) -> str | None:
    """Return the line about a value that the key can't have, whatever the other keys are; None if it can."""
    try:
        Settings.model_validate({field_of(key): value})
    except ValidationError as error:
        errors = [each for each in error.errors() if each["loc"][0] == field_of(key)]
        return _line(errors[0], {}) if errors else None
    return None


def unknown_keys() -> list[str]:
    """Return a sentence for each key, of any source, that looks like a setting and is none."""
    return sources.unknown_keys(frozenset(map(str.upper, Settings.model_fields)))


def revealed(secret: SecretStr | None) -> str:
    """Return a secret's value, for whoever sends it; empty if it is not set."""
    return secret.get_secret_value() if secret else ""
