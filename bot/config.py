"""Settings: read once, from the environment and a ``.env`` file, with all problems reported together.

Secrets may be in files, too. The environment comes first, with the files that it names; then systemd's
credentials; then ``.env``, with the files that it names.

A field is named like its key, in lower case. Secrets are SecretStr, which prints as stars.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    HttpUrl,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import BadSettings
from bot.process.dot_env import DotEnv
from bot.process.secret_files import (
    FILE_KEYS,
    FileProblem,
    NamedFiles,
    SecretFile,
    SecretFileError,
    SystemdCredentials,
    field_of,
    files_of,
    quoted_path,
    read_secret,
)
from bot.telemetry.logs import LogFormat

_PRINTABLE: Final = re.compile(r"[!-~]+")
_LONGEST_CONSOLE_URL: Final = 2900
"""Slack allows 3000 characters in a button's address, the job id included."""
_ADDRESS: Final = re.compile(r"https?://[^/\\?#\s\x00-\x1f\x7f][^\\?#\s\x00-\x1f\x7f]*", re.IGNORECASE)
"""An address as it is used. pydantic corrects what it validates: blanks, backslashes, ``https:host``."""
_ZONE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+)%(?:25)?([\w.~-]+)]", re.ASCII)
"""A link-local address with its zone, as ``[fe80::1%eth0]``; no resolver takes RFC 6874's ``%25``."""
_IN_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]*:[^\[\]]*)]")
_SHOWN: Final = frozenset({"PORT", "VOICEJOB_POLL_SECONDS", "VOICEJOB_LOG"})
"""Keys whose wrong value is shown. In any other one may be a secret that was put under the wrong key."""
_HARMLESS: Final = re.compile(r"(?!xox|xapp-).{1,12}", re.IGNORECASE | re.DOTALL)
"""A value that is no token of Slack's, and shorter than any key."""
_DOT_ENV: Final = Path(".env")
_OWN_PREFIXES: Final = ("VOICEJOB_", "METASTUDIO_")
"""Prefixes of keys that no other program uses."""
_SIGN_INS: Final = (
    ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
    ("HUAWEICLOUD_IAM_USER", "HUAWEICLOUD_IAM_PASSWORD", "HUAWEICLOUD_IAM_DOMAIN"),
    ("METASTUDIO_AUTH_TOKEN",),
)
"""The ways to authenticate with MetaStudio: all keys of exactly one are needed."""


def _secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value().startswith(('"', "'")):
        raise ValueError("begins with a quote sign, which has to go")
    if not _PRINTABLE.fullmatch(value.get_secret_value()):
        raise ValueError("has a blank or a character that no key or token has: copy it again")
    return value


def _token(prefix: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not _secret(value).get_secret_value().startswith(prefix):
            raise ValueError(f"must begin with {prefix}: this seems to be another of Slack's tokens")
        return value

    return AfterValidator(check)


def _matching(pattern: re.Pattern[str], problem: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(problem)
        return value

    return AfterValidator(check)


def _number(pattern: str, numbers: range, problem: str) -> BeforeValidator:
    def check(value: Any) -> int:
        if not re.fullmatch(pattern, str(value)) or int(str(value)) not in numbers:
            raise ValueError(problem)
        return int(str(value))

    return BeforeValidator(check)


def _host(value: str) -> str:
    """Return the host; an IPv6 address may be in brackets, as in a URL."""
    found = _IN_BRACKETS.fullmatch(_with_zone(value))
    return found[1] if found else value


def _with_zone(value: str) -> str:
    return _ZONE.sub(r"\1%\2]", value)


def _address(value: str) -> str:
    value = _with_zone(value)
    try:
        # pydantic knows no zones.
        parts = TypeAdapter(HttpUrl).validate_python(_ZONE.sub(r"\1]", value))
    except ValidationError:
        raise ValueError("must be an address like https://host") from None
    if parts.username or parts.password:
        raise ValueError("must be an address like https://host, without a user and a password")
    if "?" in value or "#" in value:
        raise ValueError("must be an address like https://host, without a ? or #")
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be an address like https://host, written in full and without blanks")
    return value.rstrip("/")


def _log_format(value: Any) -> LogFormat:
    try:
        return LogFormat(value)
    except ValueError:
        raise ValueError("must be text or json") from None


def _console_url(value: str) -> str:
    _address(value.replace("{job_id}", "x").partition("?")[0].partition("#")[0])
    if "{job_id}" not in value or len(value) > _LONGEST_CONSOLE_URL:
        raise ValueError(f"must hold {{job_id}} and have {_LONGEST_CONSOLE_URL} characters at most")
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]
Address = Annotated[str, AfterValidator(_address)]
ConsoleUrl = Annotated[str, AfterValidator(_console_url)]
Name = Annotated[
    str,
    _matching(
        re.compile("[A-Za-z0-9_-]{1,64}"), "may have letters, digits, hyphens and underscores, 64 at most"
    ),
]
Header = Annotated[
    str, _matching(_PRINTABLE, "may hold printable ASCII only: no blanks, no Chinese characters")
]
Port = Annotated[
    int,
    _number("0*[0-9]{1,5}", range(65536), "must be a number from 0 to 65535; 0 takes any port that is free"),
]
PollSeconds = Annotated[
    float,
    _number("[0-9]{1,6}", range(5, 1_000_000), "must be a whole number of seconds from 5 to 999999"),
]


class ReadSettings(BaseSettings):
    """Settings from these sources, in their order, without blanks around the values."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources; the first one that has a value counts."""
        env, dot_env = EnvSettingsSource(settings_cls), DotEnv(settings_cls, _DOT_ENV)
        return (
            init_settings,
            NamedFiles(settings_cls, env, "the environment"),
            env,
            SystemdCredentials(settings_cls),
            NamedFiles(settings_cls, dot_env, ".env"),
            dot_env,
        )

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        if isinstance(value, FileProblem):
            raise _problem(value)
        return value.strip() if isinstance(value, str) else value


class MetaStudioSettings(ReadSettings):
    """The settings for looking up a job, read by ``load``."""

    metastudio_region: Name = "cn-north-4"
    metastudio_endpoint: Address | None = None
    huaweicloud_sdk_project_id: Name
    huaweicloud_sdk_iam_endpoint: Address | None = None
    metastudio_app_user_id: Header | None = None
    voicejob_console_url: ConsoleUrl | None = None
    huaweicloud_sdk_ak: Secret | None = Field(
        None, validation_alias=AliasChoices("HUAWEICLOUD_SDK_AK", "CLOUD_SDK_AK")
    )
    huaweicloud_sdk_sk: Secret | None = Field(
        None, validation_alias=AliasChoices("HUAWEICLOUD_SDK_SK", "CLOUD_SDK_SK")
    )
    huaweicloud_sdk_security_token: Secret | None = None
    huaweicloud_iam_user: str | None = None
    huaweicloud_iam_password: SecretStr | None = None
    huaweicloud_iam_domain: str | None = None
    metastudio_auth_token: Secret | None = Field(None, validate_default=True)
    _files: dict[str, SecretFile] = PrivateAttr(default_factory=dict)

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
            raise _problem(f"{', '.join(missing)}: needed beside {', '.join(sorted(given))}", "unset")
        if data.get("huaweicloud_sdk_security_token") and "HUAWEICLOUD_SDK_AK" not in given:
            raise _problem(
                "HUAWEICLOUD_SDK_SECURITY_TOKEN: needs HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK beside it"
            )
        return value

    @classmethod
    def load(cls) -> Self:
        """Read the settings from all sources. Raises BadSettings with every problem."""
        problems: list[str] = []
        try:
            problems += DotEnv(Settings, _DOT_ENV).problems
            settings = cls()
        except ValidationError as error:
            problems += _lines(error.errors(), files_of(cls))
        except PermissionError:
            path = _dot_env_path()
            problems += [f".env: this user may not read “{path}”: make it yours (chown), or readable (chmod)"]
        except (OSError, UnicodeDecodeError) as error:
            problems += [f".env: can't be read ({error.__class__.__name__}): it must be a text file in UTF-8"]
        else:
            settings._files = files_of(cls)
            if not problems:
                return settings
        raise BadSettings(problems)

    @property
    def has_files(self) -> bool:
        """Whether a secret for MetaStudio came from a file."""
        return not _METASTUDIOS.isdisjoint(self._files)

    def read_again(self) -> Self:
        """Return the settings with the secrets for MetaStudio read from their files again.

        Raises BadSettings if one can't be read.
        """
        found = {name: _read_again(name, file) for name, file in self._files.items() if name in _METASTUDIOS}
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


class Settings(MetaStudioSettings):
    """The settings for running the bot, read by ``load``."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")]
    slack_app_token: Annotated[SecretStr, _token("xapp-")] | None = None
    slack_signing_secret: Secret | None = Field(None, validate_default=True)
    slack_api_url: Address = "https://slack.com/api"
    # Slack, or the proxy before the bot, must reach it in HTTP mode.
    voicejob_host: Annotated[str, AfterValidator(_host)] = "0.0.0.0"  # noqa: S104
    port: Port = 3000
    voicejob_log: Annotated[LogFormat, BeforeValidator(_log_format)] = LogFormat.TEXT
    voicejob_store: Path = Path("voicejob.sqlite")
    voicejob_poll_seconds: PollSeconds = 60

    @field_validator("slack_signing_secret")
    @classmethod
    def _one_mode(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if not value and not info.data.get("slack_app_token", "refused"):
            raise _problem(
                "Slack needs a way in: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)",
                "unset",
            )
        return value


def _read_again(name: str, file: SecretFile) -> SecretStr:
    is_password = name == "huaweicloud_iam_password"  # which may hold any character
    try:
        value = SecretStr(read_secret(file.path))
        return value if is_password else _secret(value)
    except (SecretFileError, ValueError) as error:
        raise BadSettings([f"{file.named_by}: {quoted_path(file.path)} {error}"]) from None


def _problem(sentence: str, kind: Literal["sentence", "unset"] = "sentence") -> PydanticCustomError:
    """Return an error whose message is the whole line; "unset" is about something that is missing."""
    return PydanticCustomError(kind, "{sentence}", {"sentence": sentence})


def _lines(errors: list[ErrorDetails], files: Mapping[str, SecretFile]) -> list[str]:
    """Format each error as a line; the first one about something missing says where it was looked for."""
    lines = [_line(error, files) for error in errors]
    missing = (number for number, error in enumerate(errors) if error["type"] in {"missing", "unset"})
    if (first := next(missing, None)) is not None:
        lines[first] += f" ({_places()})"
    return lines


def _line(error: ErrorDetails, files: Mapping[str, SecretFile]) -> str:
    """Format an error as a line that names the key, and shows the value only where it can be no secret."""
    key, value = str(error["loc"][0]).upper(), str(error["input"])
    if error["type"] in {"sentence", "unset"}:
        return error["msg"]
    if error["type"] == "missing":
        return f"{key}: not set, and needed"
    reason = error["msg"].removeprefix("Value error, ")
    if file := files.get(field_of(key)):
        return f"{file.named_by}: {reason} (it is from {quoted_path(file.path)})"
    is_shown = key in _SHOWN and _HARMLESS.fullmatch(value)
    return f"{key}: {reason} (it is {value!r})" if is_shown else f"{key}: {reason}"


def _places() -> str:
    """Format where settings are looked for."""
    path = _dot_env_path()
    if path.is_dir():
        places = f"neither in the environment nor in .env: “{path}” is a folder, and must be a file"
    elif not path.exists():
        places = f"neither in the environment nor in .env: there is no .env in “{path.parent}”"
    else:
        places = f"neither in the environment nor in “{path}”"
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return places + (f", nor as a file in “{folder}”" if folder else "")


def _dot_env_path() -> Path:
    """Return the file's absolute path; a relative one if the working directory was deleted."""
    try:
        return _DOT_ENV.absolute()
    except FileNotFoundError:
        return _DOT_ENV


def unknown_keys() -> list[str]:
    """Return a sentence for each key, of any source, that looks like a setting and is none."""
    known = {name.upper() for name in Settings.model_fields} | set(FILE_KEYS)
    try:
        in_file = {key.upper() for key in DotEnv(Settings, _DOT_ENV).env_vars}
    except (OSError, UnicodeDecodeError):
        in_file = set()
    ours = {key for key in in_file | {key.upper() for key in os.environ} if key.startswith(_OWN_PREFIXES)}
    ours |= {key for key in in_file if key.startswith("SLACK_")}
    # Names that begin alike are similar: only the rest shows which one is meant.
    by_rest = {name.partition("_")[2]: name for name in known} | {name: name for name in known}
    sentences = []
    for key in sorted(ours - known):
        meant = get_close_matches(key.partition("_")[2], by_rest, 1)
        hint = f"; did you mean {by_rest[meant[0]]}?" if meant else ""
        sentences.append(f"{key} is no setting of VoiceJob and is ignored{hint}")
    return sentences


def revealed(secret: SecretStr | None) -> str:
    """Return a secret's value, for whoever sends it; empty if it is not set."""
    return secret.get_secret_value() if secret else ""
