"""Settings: read once, from the environment and a ``.env`` file, with all problems told together.

Secrets may be in files, too. The environment goes first, with the files that it names; then systemd's
credentials; then ``.env``, with the files that it names.

A field is named like its key, in lower case. Secrets are SecretStr, which prints as stars.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Self

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
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_CONSOLE_URL: Final = 2900
"""Slack takes 3000 characters in a button's address, the job id included."""

_ADDRESS: Final = re.compile(r"https?://[^/\\?#\s\x00-\x1f\x7f][^\\?#\s\x00-\x1f\x7f]*", re.IGNORECASE)
"""An address as it is used. pydantic mends what it judges: blanks, backslashes, ``https:host``."""
_ZONE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+)%(?:25)?([\w.~-]+)]", re.ASCII)
"""A link-local address with its zone, as ``[fe80::1%eth0]``; no resolver takes RFC 6874's ``%25``."""
_IN_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]*:[^\[\]]*)]")
_SHOWN: Final = frozenset({"PORT", "VOICEJOB_POLL_SECONDS", "VOICEJOB_LOG"})
"""Keys whose wrong value is told. In any other one may be a secret that was put under the wrong key."""
_HARMLESS: Final = re.compile(r"(?!xox|xapp-).{1,12}", re.IGNORECASE | re.DOTALL)
"""A value that is no token of Slack's, and shorter than any key."""

_DOT_ENV: Final = Path(".env")
_LAST_PORT: Final = 65535
_SHORTEST_POLL: Final = 5
_LONGEST_POLL: Final = 999_999
_OWN_PREFIXES: Final = ("VOICEJOB_", "METASTUDIO_")
"""How keys begin that no other program has a use for."""

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


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("may have letters, digits, hyphens and underscores, 64 at most")
    return value


def _host(value: str) -> str:
    """Take an IPv6 address in brackets, too, as it stands in an address of the web."""
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


def _port(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and int(text[:6]) <= _LAST_PORT):
        raise ValueError(f"must be a number from 0 to {_LAST_PORT}; 0 takes any port that is free")
    return int(text)


def _poll_seconds(value: Any) -> float:
    text = str(value)
    if not (re.fullmatch(r"[0-9]{1,6}", text) and _SHORTEST_POLL <= int(text) <= _LONGEST_POLL):
        raise ValueError(f"must be a whole number of seconds from {_SHORTEST_POLL} to {_LONGEST_POLL}")
    return float(text)


def _log_format(value: Any) -> LogFormat:
    try:
        return LogFormat(value)
    except ValueError:
        raise ValueError("must be text or json") from None


def _header(value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("may hold printable ASCII only: no blanks, no Chinese characters")
    return value


def _console_url(value: str) -> str:
    _address(value.replace("{job_id}", "x").partition("?")[0].partition("#")[0])
    if "{job_id}" not in value or len(value) > _LONGEST_CONSOLE_URL:
        raise ValueError(f"must hold {{job_id}} and have {_LONGEST_CONSOLE_URL} characters at most")
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(_address)]


class ReadSettings(BaseSettings):
    """How settings are read: from where, in which order, and without blanks around them."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic-settings calls with all of these
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the files of secrets among the other sources; the first one that has a value counts."""
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
            raise _sentence(value)
        return value.strip() if isinstance(value, str) else value


class MetaStudioSettings(ReadSettings):
    """What it takes to look up a job. Make one with ``load``."""

    metastudio_region: Name = "cn-north-4"
    metastudio_endpoint: Address | None = None
    huaweicloud_sdk_project_id: Name
    huaweicloud_sdk_iam_endpoint: Address | None = None
    metastudio_app_user_id: Annotated[str, AfterValidator(_header)] | None = None
    voicejob_console_url: Annotated[str, AfterValidator(_console_url)] | None = None
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
            raise _unset(f"MetaStudio needs credentials: set {ways}")
        if len(begun) > 1:
            keys = ", ".join(key for way in _SIGN_INS for key in way if key in given)
            raise _sentence(
                f"{keys}: these are different ways to sign in to MetaStudio; keep one and unset the rest"
            )
        if missing := [key for key in begun[0] if key not in given]:
            raise _unset(f"{', '.join(missing)}: needed beside {', '.join(sorted(given))}")
        if data.get("huaweicloud_sdk_security_token") and "HUAWEICLOUD_SDK_AK" not in given:
            raise _sentence(
                "HUAWEICLOUD_SDK_SECURITY_TOKEN: needs HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK beside it"
            )
        return value

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment and ``.env``. Raises BadSettings with every problem."""
        problems = _broken_lines()
        try:
            settings = cls()
        except ValidationError as error:
            problems += _lines(error.errors(), files_of(cls))
        except PermissionError:
            file = _dot_env()
            problems += [f".env: this user may not read “{file}”: make it yours (chown), or readable (chmod)"]
        except (OSError, UnicodeDecodeError) as error:
            problems += [f".env: can't be read ({error.__class__.__name__}): it must be a text file in UTF-8"]
        else:
            settings._files = files_of(cls)
            if not problems:
                return settings
        raise BadSettings(problems)

    @property
    def has_files(self) -> bool:
        """Whether a secret that MetaStudio is asked with came from a file."""
        return not _METASTUDIOS.isdisjoint(self._files)

    def read_again(self) -> Self:
        """Read the files anew from which secrets for MetaStudio came, all or none. Raises BadSettings."""
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
        """Return the job's page in the console, if the operator told where that is."""
        return self.voicejob_console_url and self.voicejob_console_url.replace("{job_id}", job_id)


_METASTUDIOS: Final = frozenset(MetaStudioSettings.model_fields)


class Settings(MetaStudioSettings):
    """What it takes to run the bot. Make one with ``load``."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")]
    slack_app_token: Annotated[SecretStr, _token("xapp-")] | None = None
    slack_signing_secret: Secret | None = Field(None, validate_default=True)
    slack_api_url: Address = "https://slack.com/api"
    # Slack, or the proxy before the bot, must reach it in HTTP mode.
    voicejob_host: Annotated[str, AfterValidator(_host)] = "0.0.0.0"  # noqa: S104
    port: Annotated[int, BeforeValidator(_port)] = 3000
    voicejob_log: Annotated[LogFormat, BeforeValidator(_log_format)] = LogFormat.TEXT
    voicejob_store: Path = Path("voicejob.sqlite")
    voicejob_poll_seconds: Annotated[float, BeforeValidator(_poll_seconds)] = 60

    @field_validator("slack_signing_secret")
    @classmethod
    def _one_mode(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if not value and not info.data.get("slack_app_token", "refused"):
            raise _unset(
                "Slack needs a way in: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)"
            )
        return value


def _read_again(name: str, file: SecretFile) -> SecretStr:
    is_password = name == "huaweicloud_iam_password"  # which may hold any character
    try:
        value = SecretStr(read_secret(file.path))
        return value if is_password else _secret(value)
    except (SecretFileError, ValueError) as error:
        raise BadSettings([f"{file.named_by}: {quoted_path(file.path)} {error}"]) from None


def _sentence(sentence: str) -> PydanticCustomError:
    """Make a problem that names its keys itself."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _unset(sentence: str) -> PydanticCustomError:
    """Make a problem that names its keys itself, and that is about what is not set."""
    return PydanticCustomError("unset", "{sentence}", {"sentence": sentence})


def _lines(problems: list[ErrorDetails], files: Mapping[str, SecretFile]) -> list[str]:
    """Tell each problem in a line; the first one about something missing says where it was looked for."""
    lines = [_line(problem, files) for problem in problems]
    for number, problem in enumerate(problems):
        if problem["type"] in {"missing", "unset"}:
            lines[number] += f" ({_looked_in()})"
            break
    return lines


def _broken_lines() -> list[str]:
    try:
        return list(DotEnv(Settings, _DOT_ENV).problems)
    except (OSError, UnicodeDecodeError):
        return []  # then the whole file is a problem


def _dot_env() -> Path:
    """Give the file's whole path, as far as there is one: the folder may have been deleted."""
    try:
        return _DOT_ENV.absolute()
    except FileNotFoundError:
        return _DOT_ENV


def _looked_in() -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return _not_set() + (f", nor as a file in “{folder}”" if folder else "")


def _not_set() -> str:
    file = _dot_env()
    if file.is_dir():
        return f"neither in the environment nor in .env: “{file}” is a folder, and must be a file"
    if not file.exists():
        return f"neither in the environment nor in .env: there is no .env in “{file.parent}”"
    return f"neither in the environment nor in “{file}”"


def unknown_keys() -> list[str]:
    """Give a sentence for each key, in the environment or ``.env``, that looks like a setting and is none."""
    known = {name.upper() for name in Settings.model_fields} | set(FILE_KEYS)
    try:
        in_file = {key.upper() for key in DotEnv(Settings, _DOT_ENV).env_vars}
    except (OSError, UnicodeDecodeError):
        in_file = set()
    ours = {key for key in in_file | {key.upper() for key in os.environ} if key.startswith(_OWN_PREFIXES)}
    ours |= {key for key in in_file if key.startswith("SLACK_")}
    return [_unknown(key, known) for key in sorted(ours - known)]


def _unknown(key: str, known: set[str]) -> str:
    # What begins alike is alike: only the rest tells which one is meant.
    by_rest = {name.partition("_")[2]: name for name in known} | {name: name for name in known}
    meant = get_close_matches(key.partition("_")[2], by_rest, 1)
    hint = f"; did you mean {by_rest[meant[0]]}?" if meant else ""
    return f"{key} is no setting of VoiceJob and is ignored{hint}"


def _line(problem: ErrorDetails, files: Mapping[str, SecretFile]) -> str:
    """Tell one problem in a line that names the key, and the value where that can be no secret."""
    key = str(problem["loc"][0]).upper()
    if problem["type"] in {"sentence", "unset"}:
        return problem["msg"]
    if problem["type"] == "missing":
        return f"{key}: not set, and needed"
    reason = problem["msg"].removeprefix("Value error, ")
    value = str(problem["input"])
    is_told = key in _SHOWN and _HARMLESS.fullmatch(value)
    if file := files.get(field_of(key)):
        return f"{file.named_by}: {reason} (it is from {quoted_path(file.path)})"
    return f"{key}: {reason} (it is {value!r})" if is_told else f"{key}: {reason}"


def revealed(secret: SecretStr | None) -> str:
    """Take a secret out of its wrapping, for the one who must send it; empty if it is not set."""
    return secret.get_secret_value() if secret else ""
