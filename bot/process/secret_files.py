"""Secrets from files: those named by ``KEY_FILE``, as with Docker's secrets, and systemd's credentials."""

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
"""Bytes. No secret is longer; IAM's tokens are the longest."""


class SecretFileError(Exception):
    """No secret can be read from a file. Its text says why, and never what the file contains."""


class SecretFile(NamedTuple):
    """A file with a secret, and the key that names it for a person."""

    named_by: str
    path: Path


class FileProblem(str):
    """A sentence that takes the place of a value that could not be read, for the settings' validation."""

    __slots__ = ()


def read_secret(path: Path) -> str:
    """Return a file's one line of UTF-8 without blanks around it. Raises SecretFileError."""
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


def quoted_path(path: Path) -> str:
    """Quote a path if it exists or its folder does: anything else may be the secret itself, given as a path.

    The root and the current folder do not count as such a folder: any secret could be a name in them.
    """
    folder = Path(os.path.realpath(path.parent))
    has_folder = path.parent != Path() and folder != folder.parent and _exists(folder)
    is_path = _exists(path) or has_folder
    return f"“{path.absolute()}”" if is_path else "the file that it names (write its full path, /…)"


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:  # then a folder on the way exists
        return True
    except (OSError, ValueError):
        return False
    return True


def field_of(key: str) -> str:
    """Return the name of a key's field: two keys have an alias."""
    name = key.lower()
    return f"huawei{name}" if name.startswith("cloud_sdk_") else name


class FileSource(EnvSettingsSource):
    """A source of settings that reads files; ``files`` has those it tried, by their keys in lower case."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        self.files: dict[str, SecretFile] = {}
        super().__init__(settings_cls)

    def _read(self, key: str, path: Path, named_by: str) -> str:
        self.files[key.lower()] = SecretFile(named_by, path)
        try:
            return read_secret(path)
        except SecretFileError as error:
            return FileProblem(f"{named_by}: {quoted_path(path)} {error}")


class NamedFiles(FileSource):
    """The files named by ``KEY_FILE`` in another source, which has a lower priority; ``where`` names it."""

    def __init__(self, settings_cls: type[BaseSettings], named_in: EnvSettingsSource, where: str) -> None:
        self._named_in, self._where = named_in, where
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        given = {key.upper(): value for key, value in self._named_in.env_vars.items() if value}
        named = [key for key in SECRET_KEYS if given.get(f"{key}_FILE")]
        return {key.lower(): self._value(key, given) for key in named}

    def _value(self, key: str, given: Mapping[str, str]) -> str:
        rivals = [other for other in SECRET_KEYS if field_of(other) == field_of(key) and other in given]
        if rivals:
            keys = f"{' and '.join(rivals)} and {key}_FILE"
            return FileProblem(f"{keys}: both are set in {self._where}; keep one and unset the other")
        return self._read(key, Path(given[f"{key}_FILE"].strip()), f"{key}_FILE")


class SystemdCredentials(FileSource):
    """The files in systemd's ``$CREDENTIALS_DIRECTORY`` that have the name of a key."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            return {}
        keys = [key for key in SECRET_KEYS if os.path.lexists(Path(folder, key))]
        return {key.lower(): self._read(key, Path(folder, key), key) for key in keys}


def files_of(settings: type[BaseSettings]) -> dict[str, SecretFile]:
    """Return the files that secrets are read from, by the name of their field."""
    init = InitSettingsSource(settings, {})
    found: dict[str, SecretFile | None] = {}
    for source in settings.settings_customise_sources(settings, init, init, init, init):
        if isinstance(source, EnvSettingsSource):
            files = source.files if isinstance(source, FileSource) else {}
            for key in source.env_vars:
                found.setdefault(field_of(key), files.get(key))
    return {name: file for name, file in found.items() if file}
