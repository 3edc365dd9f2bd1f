"""The file .env: whole or as it was, and for its owner alone."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.errors import BadSettings
from bot.setup import env_file
from tests.store.test_store_faults import NOBODY, another_user, largest_file

ENV = Path(".env")
"".encode("utf-8-sig")  # its module is loaded now, since another user may not be able to read it


@pytest.mark.parametrize("mode", [None, 0o600, 0o644, 0o400])
@pytest.mark.parametrize("new", [{}, {"A": "2"}])
def test_mode(mode: int | None, new: dict[str, str]) -> None:
    """Nobody else may read it, nor write, whatever it was and whatever is new."""
    if mode is not None:
        ENV.write_text("# mine\nA=1\n")
        ENV.chmod(mode)
    is_written = env_file.write(new)

    assert is_written == bool(new or mode == 0o644)
    assert [path.name for path in Path().iterdir()] == ([".env"] if mode or new else [])
    if mode or new:
        assert ENV.read_text() == ("# mine\n" if mode else "") + f"A={new.get('A', 1)}\n"
        assert ENV.stat().st_mode & 0o777 == (0o600 if is_written else mode)


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    """So .env may be kept elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    kept = tmp_path / "elsewhere" / "voicejob.env"
    ENV.symlink_to(kept)
    env_file.write({"A": "1"})

    assert (ENV.is_symlink(), kept.read_text()) == (True, "A=1\n")


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


@AS_ROOT
def test_what_root_writes_stays_its_owner_s() -> None:
    """The bot's user has to read it."""
    ENV.touch()
    os.chown(ENV, NOBODY, NOBODY)
    env_file.look_at()
    env_file.write({"A": "1"})
    found = ENV.stat()

    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (NOBODY, NOBODY, 0o600)


def test_a_folder_that_can_t_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written there is not called a failure."""
    with TemporaryDirectory() as folder:  # pytest's own are closed to another user
        monkeypatch.chdir(folder)
        Path().chmod(0o333)
        with another_user():
            env_file.look_at()
            is_written = env_file.write({"A": "1"})
        Path().chmod(0o755)

        assert (is_written, ENV.read_text()) == (True, "A=1\n")


def test_a_full_disk() -> None:
    """The file is as it was, and nothing is left beside it."""
    ENV.write_text("A=1\n")
    with largest_file(1), pytest.raises(OSError, match="File too large"):
        env_file.write({"B": "2"})

    assert ([path.name for path in Path().iterdir()], ENV.read_text()) == ([".env"], "A=1\n")


def unreadable() -> None:
    ENV.write_bytes(b"A=\xff")


def foreign() -> None:
    ENV.write_text("A=1\n")
    Path().chmod(0o777)


def closed() -> None:
    Path().chmod(0o555)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (ENV.mkdir, "must be a file, and is something else"),
        (lambda: os.mkfifo(ENV), "must be a file, and is something else"),
        (unreadable, "must be a text file in UTF-8"),
        (closed, "start `voicejob init` in a folder of this user's"),
        (lambda: ENV.symlink_to("/no/folder/env"), r"written in “/no/folder” \(No such file"),
        pytest.param(foreign, "belongs to another user", marks=AS_ROOT),
    ],
)
def test_what_can_t_be_written_is_told_before_anything_is_asked(make: Callable[[], None], says: str) -> None:
    """It names what is wrong, and nothing is changed."""
    Path().chmod(0o755)
    make()
    with another_user(), pytest.raises(BadSettings, match=says):
        env_file.look_at()

    assert {path.name for path in Path().iterdir()} <= {".env"}


def test_a_quote_that_stands_open() -> None:
    """It is told at once, with its line; one that came meanwhile is not closed by a new line."""
    ENV.write_text("A=1\nB='x\n")
    with pytest.raises(BadSettings, match=r"\.env, line 2: can't be read"):
        env_file.look_at()
    with pytest.raises(BadSettings, match="a quote in it stands open"):
        env_file.write({"C": "two words", "D": "two words"})

    assert ENV.read_text() == "A=1\nB='x\n"
