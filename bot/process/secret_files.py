"""Files that hold one secret each, such as Docker's secrets and systemd's credentials."""

import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

LONGEST: Final = 64 * 1024
"""Bytes. No secret is longer; IAM's tokens are the longest."""


class SecretFileError(Exception):
    """No secret can be read from a file. Its text says why, and never what the file contains."""


class SecretFile(NamedTuple):
    """A file with a secret, and the key that names it for a person."""

    named_by: str
    path: Path

    def problem(self, why: object) -> str:
        """Return a sentence about the file that says ``why`` it can't be used."""
        return f"{self.named_by}: {quoted_path(self.path)} {why}"


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
