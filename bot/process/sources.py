"""Where settings come from: the environment, systemd's credentials, ``.env``, and files named there."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.process.dot_env import read_dot_env
from bot.process.secret_files import SecretFile, SecretFileError, read_secret

DOT_ENV: Final = Path(".env")
SECRET_KEYS: Final = (
    "CLOUD_SDK_AK",
    "CLOUD_SDK_SK",
    "HUAWEICLOUD_SDK_AK",
    "HUAWEICLOUD_SDK_SK",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "HUAWEICLOUD_IAM_PASSWORD",
    "METASTUDIO_AUTH_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
)
"""The keys whose value may be in a file, which ``KEY_FILE`` names; an alias is before its key."""
_OWN_PREFIXES: Final = ("VOICEJOB_", "METASTUDIO_")
"""Prefixes of keys that no other program uses."""


@dataclass(frozen=True)
class Given:
    """What all sources give, by the names of the fields: values, and the files that they are from.

    An error takes the place of a value that can't be read. ``problems`` has a sentence for each line of
    ``.env`` that can't be parsed. ``outside`` are the fields that the environment or systemd gives, whatever
    is in ``.env``.
    """

    values: dict[str, str | SecretFileError]
    files: dict[str, SecretFile]
    problems: list[str]
    outside: frozenset[str]


def field_of(key: str) -> str:
    """Return the name of a key's field: two keys have an alias."""
    name = key.lower()
    return f"huawei{name}" if name.startswith("cloud_sdk_") else name


def read_sources(new: Mapping[str, str] = MappingProxyType({})) -> Given:
    """Read all sources; ``.env`` as if it had these ``new`` values, where an empty one counts as none.

    Raises OSError and UnicodeDecodeError if ``.env`` can't be read.
    """
    environment = {key.upper(): value for key, value in os.environ.items() if value}
    in_file, problems = read_dot_env(DOT_ENV)
    in_file = {key: value for key, value in (in_file | dict(new)).items() if value}
    outside = {
        **_credentials(environment.get("CREDENTIALS_DIRECTORY")),
        **_values(environment),
        **_named_files(environment, "the environment"),
    }
    values = {**_values(in_file), **_named_files(in_file, ".env"), **outside}
    files = {name: value for name, value in values.items() if isinstance(value, SecretFile)}
    contents = {
        name: _content(value) if isinstance(value, SecretFile) else value for name, value in values.items()
    }
    return Given(contents, files, problems, frozenset(outside))


def _values(source: Mapping[str, str]) -> dict[str, str | SecretFile | SecretFileError]:
    return {field_of(key): source[key] for key in sorted(source)}  # an alias before its key


def _named_files(source: Mapping[str, str], where: str) -> dict[str, SecretFile | SecretFileError]:
    """Return the files that a source names; it must not have the value itself as well."""
    found: dict[str, SecretFile | SecretFileError] = {}
    for key in SECRET_KEYS:
        if path := source.get(f"{key}_FILE"):
            rivals = [other for other in SECRET_KEYS if field_of(other) == field_of(key) and other in source]
            keys = f"{' and '.join(rivals)} and {key}_FILE"
            both = SecretFileError(f"{keys}: both are set in {where}; keep one and unset the other")
            found[field_of(key)] = both if rivals else SecretFile(f"{key}_FILE", Path(path.strip()))
    return found


def _credentials(folder: str | None) -> dict[str, SecretFile]:
    """Return the files in systemd's ``$CREDENTIALS_DIRECTORY`` that have the name of a key."""
    paths = [Path(folder, key) for key in SECRET_KEYS] if folder else []
    return {field_of(path.name): SecretFile(path.name, path) for path in paths if os.path.lexists(path)}


def _content(file: SecretFile) -> str | SecretFileError:
    try:
        return read_secret(file.path)
    except SecretFileError as error:
        return SecretFileError(file.problem(error))


def unknown_keys(keys: frozenset[str]) -> list[str]:
    """Return a sentence for each key, of any source, that looks like one of these keys and is none."""
    known = keys | {f"{key}_FILE" for key in SECRET_KEYS}
    in_file: set[str] = set()
    with suppress(OSError, UnicodeDecodeError):
        in_file |= read_dot_env(DOT_ENV)[0].keys()
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


def places() -> str:
    """Format where settings are looked for."""
    path = dot_env_path()
    where = f"in “{path}”"
    if path.is_dir():
        where = f"in .env: “{path}” is a folder, and must be a file"
    elif not path.exists():
        where = f"in .env: there is no .env in “{path.parent}”"
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return f"neither in the environment nor {where}" + (f", nor as a file in “{folder}”" if folder else "")


def dot_env_path() -> Path:
    """Return the file's absolute path; a relative one if the working directory was deleted."""
    try:
        return DOT_ENV.absolute()
    except FileNotFoundError:
        return DOT_ENV


def unreadable_file(error: OSError | UnicodeDecodeError) -> str:
    """Return the line about a ``.env`` that can't be read."""
    if isinstance(error, PermissionError):
        return f".env: this user may not read “{dot_env_path()}”: make it yours (chown), or readable (chmod)"
    return f".env: can't be read ({type(error).__name__}): it must be a text file in UTF-8"
