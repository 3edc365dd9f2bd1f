"""Where settings come from: the environment, systemd's credentials, ``.env``, and files named there."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.process.dot_env import read_dot_env
from bot.process.secret_files import SecretFile, SecretFileError, read_secret

DOT_ENV: Final = Path(".env")
SECRET_KEYS: Final = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "HUAWEICLOUD_SDK_AK",
    "CLOUD_SDK_AK",
    "HUAWEICLOUD_SDK_SK",
    "CLOUD_SDK_SK",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "HUAWEICLOUD_IAM_PASSWORD",
    "METASTUDIO_AUTH_TOKEN",
)
"""The keys whose value may be in a file, which ``KEY_FILE`` names."""


Found = tuple[str, str | SecretFileError, SecretFile | None]
"""A key, its value or why that can't be read, and the file that it is from."""


@dataclass(frozen=True)
class Given:
    """What all sources give: values, and the files that they are from, by the names of their fields.

    An error takes the place of a value that can't be read. ``problems`` has a sentence for each line of
    ``.env`` that can't be parsed.
    """

    values: dict[str, str | SecretFileError]
    files: dict[str, SecretFile]
    problems: list[str]


def field_of(key: str) -> str:
    """Return the name of a key's field: two keys have an alias."""
    name = key.lower()
    return f"huawei{name}" if name.startswith("cloud_sdk_") else name


def read_sources() -> Given:
    """Read all sources; the first one that has a value counts.

    Raises OSError and UnicodeDecodeError if ``.env`` can't be read.
    """
    in_environment = {key.upper(): value for key, value in os.environ.items() if value}
    in_file, problems = read_dot_env(DOT_ENV)
    given = Given({}, {}, problems)
    for key, value, file in (
        *_files_named_in(in_environment, "the environment"),
        *_values_of(in_environment),
        *_credentials(in_environment.get("CREDENTIALS_DIRECTORY")),
        *_files_named_in(in_file, ".env"),
        *_values_of(in_file),
    ):
        name = field_of(key)
        if name not in given.values:
            given.values[name] = value
            if file:
                given.files[name] = file
    return given


def _values_of(source: Mapping[str, str]) -> Iterator[Found]:
    for key in sorted(source, reverse=True):  # HUAWEICLOUD_SDK_AK before its alias CLOUD_SDK_AK
        yield key, source[key], None


def _files_named_in(source: Mapping[str, str], where: str) -> Iterator[Found]:
    """Yield what the files hold that a source names; it must not have the value itself as well."""
    for key in SECRET_KEYS:
        if path := source.get(f"{key}_FILE"):
            rivals = [other for other in SECRET_KEYS if field_of(other) == field_of(key) and other in source]
            if rivals:
                keys = f"{' and '.join(rivals)} and {key}_FILE"
                yield (
                    key,
                    SecretFileError(f"{keys}: both are set in {where}; keep one and unset the other"),
                    None,
                )
            else:
                yield _read(key, f"{key}_FILE", Path(path.strip()))


def _credentials(folder: str | None) -> Iterator[Found]:
    """Yield what the files in systemd's ``$CREDENTIALS_DIRECTORY`` hold that have the name of a key."""
    for key in SECRET_KEYS if folder else ():
        if os.path.lexists(path := Path(folder or "", key)):
            yield _read(key, key, path)


def _read(key: str, named_by: str, path: Path) -> Found:
    file = SecretFile(named_by, path)
    try:
        return key, read_secret(path), file
    except SecretFileError as error:
        return key, SecretFileError(file.problem(error)), file


def unreadable_dot_env(error: Exception) -> str:
    """Format why ``.env`` can't be read."""
    if isinstance(error, PermissionError):
        return f".env: this user may not read “{_dot_env_path()}”: make it yours (chown), or readable (chmod)"
    return f".env: can't be read ({type(error).__name__}): it must be a text file in UTF-8"


def places() -> str:
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
        return DOT_ENV.absolute()
    except FileNotFoundError:
        return DOT_ENV
