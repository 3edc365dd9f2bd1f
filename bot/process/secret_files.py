"""Secrets from files: those that ``KEY_FILE`` names, as with Docker's secrets, and systemd's credentials."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource

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
"""The keys whose value may be in a file."""
FILE_KEYS: Final = tuple(f"{key}_FILE" for key in SECRET_KEYS)
"""The keys that name such a file."""
LONGEST: Final = 64 * 1024
"""Bytes. No secret is as long; IAM's tokens are the longest."""


class SecretFileError(Exception):
    """A file does not give a secret; its text says why, and never what is in it."""


class SecretFile(NamedTuple):
    """A file that a secret was read from, and the key that a person would look at."""

    named_by: str
    path: Path


class FileProblem(str):
    """Stands in the place of a value, and says why there is none."""

    __slots__ = ()


def read_secret(path: Path) -> str:
    """Read a secret: one line in UTF-8, without blanks around it. Raises SecretFileError."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SecretFileError("is a folder, and must be a file" if stat.S_ISDIR(mode) else "is no file")
        with path.open("rb") as file:
            raw = file.read(LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise SecretFileError("is not there") from None
    except PermissionError:
        raise SecretFileError("may not be read by this user: make it yours, or readable (chmod)") from None
    except (OSError, ValueError) as error:
        raise SecretFileError(f"can't be read ({type(error).__name__})") from None
    return _secret_in(raw)


def _secret_in(raw: bytes) -> str:
    if len(raw) > LONGEST:
        raise SecretFileError(f"is too long for a secret: it has more than {LONGEST // 1024} KiB")
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SecretFileError("is no text in UTF-8") from None
    if not text:
        raise SecretFileError("is empty")
    if len(text.splitlines()) > 1:
        raise SecretFileError("has more than one line, and must hold the secret alone")
    return text


def told(path: Path) -> str:
    """Show a path that is there, or whose folder is: anything else may be the secret itself, in its place.

    The root is no such folder, nor is that in which the bot runs: any secret could be a name in one of them.
    """
    folder = Path(os.path.realpath(path.parent))
    has_folder = path.parent != Path() and folder != folder.parent and _is_there(folder)
    is_path = _is_there(path) or has_folder
    return f"“{path.absolute()}”" if is_path else "the file that it names (write its full path, /…)"


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:  # then a folder on the way is there
        return True
    except (OSError, ValueError):
        return False
    return True


def field_of(key: str) -> str:
    """Name the field of a key: two have another name as well."""
    name = key.lower()
    return f"huawei{name}" if name.startswith("cloud_sdk_") else name


class FileSource(EnvSettingsSource):
    """Reads files, by key; ``files`` has those that were read, by their keys in lower case."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        self.files: dict[str, SecretFile] = {}
        super().__init__(settings_cls)

    def _read(self, key: str, path: Path, named_by: str) -> str:
        self.files[key.lower()] = SecretFile(named_by, path)
        try:
            return read_secret(path)
        except SecretFileError as error:
            return FileProblem(f"{named_by}: {told(path)} {error}")


class NamedFiles(FileSource):
    """The files that ``KEY_FILE`` names in another source, which goes after this one."""

    def __init__(self, settings_cls: type[BaseSettings], beside: EnvSettingsSource, where: str) -> None:
        self._beside, self._where = beside, where
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        given = {key.upper(): value for key, value in self._beside.env_vars.items() if value}
        named = [key for key in SECRET_KEYS if given.get(f"{key}_FILE")]
        return {key.lower(): self._value(key, given) for key in named}

    def _value(self, key: str, given: Mapping[str, str]) -> str:
        rivals = [other for other in SECRET_KEYS if field_of(other) == field_of(key) and other in given]
        if rivals:
            keys = f"{' and '.join(rivals)} and {key}_FILE"
            return FileProblem(f"{keys}: both are set in {self._where}; keep one and unset the other")
        return self._read(key, Path(given[f"{key}_FILE"].strip()), f"{key}_FILE")


class SystemdCredentials(FileSource):
    """The files in systemd's ``$CREDENTIALS_DIRECTORY`` that are named like a key."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        paths = {key: Path(folder, key) for key in SECRET_KEYS} if folder else {}
        there = {key: path for key, path in paths.items() if os.path.lexists(path)}
        return {key.lower(): self._read(key, path, key) for key, path in there.items()}


def files_of(settings: type[BaseSettings]) -> dict[str, SecretFile]:
    """Find the files that secrets are read from, by the name of their field."""
    init = InitSettingsSource(settings, {})
    found: dict[str, SecretFile | None] = {}
    for source in settings.settings_customise_sources(settings, init, init, init, init):
        if isinstance(source, EnvSettingsSource):
            files = source.files if isinstance(source, FileSource) else {}
            for key in source.env_vars:
                found.setdefault(field_of(key), files.get(key))
    return {name: file for name, file in found.items() if file}
