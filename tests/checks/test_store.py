"""``voicejob check`` and the store: what it finds, what it says, and that nothing is made or changed."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import os
import re
import shutil
from pathlib import Path

import pytest

from bot.checks.item import Item
from bot.checks.store import try_store
from bot.domain.boards import board_started, keys_of_board
from bot.domain.keys import BoardKey, Selector, SelectorKind
from bot.domain.pauses import refused
from bot.domain.records import Level
from bot.domain.subscriptions import key_of
from bot.simulators.world import GivenSettings
from bot.store.files import claim
from bot.store.sqlite import SqliteStore
from tests.store.processes import KEY, SECOND, followed, keep
from tests.store.test_formats import FORMAT_2
from tests.store.test_store_faults import largest_file, on_disk, run_sql
from tests.support import disk_held

COUNTED = "4 subscriptions (1 paused) of 2 channels to 2 jobs, 1 of them to a batch, a tag or the project"
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "kept.sqlite"


async def tried(path: Path) -> Item:
    """Try a store in this file."""
    settings = GivenSettings.model_construct(voicejob_store=path)  # type: ignore[call-arg]  # it reads no other
    (item,) = [item async for item in try_store(settings)]
    assert item.name == "store"
    return item


async def failure_at(path: Path) -> str:
    """Return what an item says that fails."""
    item = await tried(path)
    assert item.ok is False, item
    return item.says


async def fill(path: Path) -> None:
    """Make a store with four subscriptions of two channels, to two jobs and a batch, one paused."""
    third = key_of("T1", "C2", "job-1")
    batch = BoardKey(KEY.address, Selector(SelectorKind.BATCH, "a/b"))
    widely = board_started(*batch[:2], level=Level.ALL, by="U1", now=1)
    async with SqliteStore(path) as store:
        await keep(store, followed(KEY), followed(SECOND), followed(third))
        await store.change(keys_of_board(batch), widely)
        await store.change([third.address], refused(third.address, "is_archived", 1))


def folder_of(path: Path) -> dict[str, tuple[bytes, int]]:
    """Return what is in the folder: content and mode of each file."""
    return {each.name: (each.read_bytes(), each.stat().st_mode) for each in path.parent.iterdir()}


async def test_it_is_counted_and_stays_as_it_is(path: Path) -> None:
    """Size, subscriptions, channels and jobs."""
    await fill(path)
    before = on_disk(path)
    item = await tried(path)

    assert item.ok
    assert COUNTED in item.says
    assert re.search(r"can be written; \d+ kB", item.says)
    assert on_disk(path) == before


async def test_a_running_bot_is_a_hint(path: Path) -> None:
    """Its process is named, what it has is counted if it can be read, and nothing is written."""
    await fill(path)
    with claim(path):
        before = path.read_bytes(), on_disk(path)
        item = await tried(path)
        after = path.read_bytes(), on_disk(path)
        run_sql(path, "INSERT INTO voicejob VALUES ('subscription:odd', '{}')")
        odd = await tried(path)

    assert (item.ok, odd.ok) == (True, True)
    assert f"is in use by a running VoiceJob (process {os.getpid()}), so nothing was written" in item.says
    assert COUNTED in item.says
    assert "could not be counted (ValueError)" in odd.says
    assert before == after


@not_as_root
@pytest.mark.parametrize("made", [False, True])
async def test_not_writable(path: Path, *, made: bool) -> None:
    """Neither the file nor, where there is none, the folder."""
    if made:
        await fill(path)
        path.chmod(0o400)
    else:
        path.parent.chmod(0o500)
    says = await failure_at(path)
    path.parent.chmod(0o700)

    assert "Permission denied" in says


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_store_of_another_user(path: Path) -> None:
    """It can't be tried, which is a failure; nothing is made beside it that its bot could not open."""
    await fill(path)
    Path(f"{path}.lock").unlink()
    os.chown(path, 4242, 4242)

    assert "belongs to another user (number 4242). Run this as that user" in await failure_at(path)
    assert [file.name for file in path.parent.iterdir()] == ["kept.sqlite"]


async def test_what_the_bot_will_convert_stays_as_it_is(path: Path) -> None:
    """An earlier version's store: the check counts what it holds, whether a bot has it or not."""
    shutil.copy(FORMAT_2, path)
    path.chmod(0o640)
    before = folder_of(path)
    item = await tried(path)
    assert folder_of(path) == before
    with claim(path):
        held = await tried(path)

    assert "by an earlier VoiceJob: the bot keeps a copy and converts it when it starts" in item.says
    assert "in use by a running VoiceJob" in held.says
    assert all("13 subscriptions (3 paused) of 4 channels to 9 jobs" in each.says for each in (item, held))
    assert path.read_bytes() == FORMAT_2.read_bytes()


async def test_what_is_no_store_stays_as_it_is(path: Path) -> None:
    """With VOICEJOB_STORE set to it by mistake: its content and its mode, and nothing beside it."""
    run_sql(path, "PRAGMA journal_mode=WAL", "CREATE TABLE recipes (name TEXT)")
    path.chmod(0o644)
    before = path.read_bytes()

    assert "no store of VoiceJob" in await failure_at(path)
    assert path.read_bytes() == before
    assert oct(path.stat().st_mode)[-3:] == "644"
    assert list(path.parent.iterdir()) == [path]


async def test_an_empty_file_stays_empty(path: Path) -> None:
    """The bot would make its store in it; the check only says so."""
    path.touch(mode=0o644)
    item = await tried(path)

    assert item.ok
    assert "is empty: the bot makes its store when it starts" in item.says
    assert (path.stat().st_size, oct(path.stat().st_mode)[-3:]) == (0, "644")
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("target", "ok", "says"),
    [
        ("nowhere/kept", False, "VOICEJOB_STORE"),
        ("nowhere/kept", False, "there is no folder {folder}/nowhere"),
        (".", False, "it is a folder"),
        ("link", False, "symbolic links"),
        ("kept.sqlite", True, "is not there yet"),
    ],
)
async def test_a_link(path: Path, target: str, *, ok: bool, says: str) -> None:
    """Where it leads counts: to a missing folder, to a folder, to itself, or to a place for a store."""
    link = path.with_name("link")
    link.symlink_to(target)
    item = await tried(link)

    assert item.ok is ok
    assert says.format(folder=path.parent) in item.says
    assert list(path.parent.iterdir()) == [link]


async def test_what_keeps_it_from_being_written(path: Path) -> None:
    """A later version's format, another program that holds it, and a full disk: each is told."""
    await fill(path)
    before = on_disk(path)
    with disk_held(path):
        assert "database is locked" in await failure_at(path)
    with largest_file(100):
        assert "can't be written" in await failure_at(path)
    assert on_disk(path) == before
    run_sql(path, "UPDATE voicejob SET value = '{\"version\": 7}' WHERE key = 'about:format'")
    path.chmod(0o640)

    assert "has format “7”" in await failure_at(path)
    assert oct(path.stat().st_mode)[-3:] == "640"
