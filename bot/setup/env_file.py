"""The file ``.env``: read as it stands, and written whole or not at all, for its owner alone."""

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.errors import BadSettings
from bot.process.dot_env import values_in
from bot.process.sources import DOT_ENV, dot_env_path, unreadable_file
from bot.setup.env_text import merged

OWNER_ONLY: Final = 0o600
ROOT: Final = 0
NOT_THERE: Final = (
    ".env: can't be written in “{folder}” ({why}): start `voicejob init` in a folder of this user's, the one "
    "in which the bot will start"
)
FOREIGN: Final = (
    ".env: “{path}” belongs to another user (number {owner}): start `voicejob init` as that user, or make "
    "the file yours (chown)"
)
OPEN_QUOTE: Final = ".env: can't be changed, since a quote in it stands open: close it, or take that line out"


def look_at() -> None:
    """Raise BadSettings where ``.env`` can't be read or replaced, before anything is asked."""
    path = DOT_ENV
    try:
        path = _path()
        text = _text(path)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        owner = path.stat().st_uid if path.exists() else os.geteuid()
    except OSError as error:
        folder = (dot_env_path().parent / path).parent  # where a link leads, it is another one
        raise BadSettings([NOT_THERE.format(folder=folder, why=error.strerror)]) from None
    if owner != os.geteuid() != ROOT:
        raise BadSettings([FOREIGN.format(path=dot_env_path(), owner=owner)])
    if problems := values_in(text)[1]:
        raise BadSettings(problems)


def write(new: Mapping[str, str]) -> bool:
    """Write what is new or changed, and return whether there was any need to.

    Raises BadSettings as ``look_at`` does, and OSError; then the file is as it was.
    """
    path = _path()
    old = _text(path)
    try:
        text = merged(old, new)
    except ValueError:
        raise BadSettings([OPEN_QUOTE]) from None
    state = path.stat() if path.exists() else None
    if text == old and (state is None or not stat.S_IMODE(state.st_mode) & ~OWNER_ONLY):
        return False
    _replace(path, text, state)
    return True


def _path() -> Path:
    """Return where the file is, or will be: a link stays, and what it leads to is replaced."""
    return Path(os.path.realpath(DOT_ENV)) if DOT_ENV.is_symlink() else DOT_ENV


def _text(path: Path) -> str:
    """Read the file with its line breaks; one that is not there is empty. Raises BadSettings."""
    try:
        if path.exists() and not path.is_file():
            raise BadSettings([f".env: “{dot_env_path()}” must be a file, and is something else"])
        return path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([unreadable_file(error)]) from None


def _replace(path: Path, text: str, state: os.stat_result | None) -> None:
    """Put a new file in the place of the old one, in one step; what root writes stays its owner's."""
    number, name = tempfile.mkstemp(prefix=".env-", dir=path.parent)  # its mode is OWNER_ONLY
    try:
        with os.fdopen(number, "wb") as file:
            if state and state.st_uid != os.geteuid():
                os.fchown(number, state.st_uid, state.st_gid)
            file.write(text.encode())
            file.flush()
            os.fsync(number)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # it is written; not every folder can be read, or synced
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the new name in a folder survive a power failure."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
