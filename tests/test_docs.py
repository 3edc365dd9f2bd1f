"""The README tells the truth: its settings, its commands and its pictures are those of the program."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import cli
from bot.config import Settings
from bot.process.sources import SECRET_KEYS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = README.split("### Settings")[1].split("\n## ")[0]
KEYS = {name.upper() for name in Settings.model_fields}
OTHER_NAMES = {"CLOUD_SDK_AK", "CLOUD_SDK_SK"}
PICTURES = ROOT / "bot" / "demo" / "pictures"


def test_every_setting_is_listed_and_no_other() -> None:
    """The table has each key that the program reads, a star where it may be in a file, and no other key."""
    prefixes = "SLACK|HUAWEICLOUD|METASTUDIO|VOICEJOB|CLOUD_SDK"

    assert set(re.findall(r"`([A-Z][A-Z_]+)`", SETTINGS)) == KEYS | OTHER_NAMES
    assert set(re.findall(r"`([A-Z_]+)`\\\*", SETTINGS)) == set(SECRET_KEYS)
    assert set(re.findall(rf"`((?:{prefixes})_[A-Z_]+)`", README)) <= KEYS | OTHER_NAMES


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_defaults_are_those_of_the_program(name: str) -> None:
    """A default stands in the key's row, or that the key is needed."""
    field = Settings.model_fields[name]
    rows = [line.split("|") for line in SETTINGS.splitlines() if line.startswith("|")]
    (default,) = (row[3] for row in rows if f"`{name.upper()}`" in row[1])

    if field.is_required():
        assert "needed" in default
    elif field.default is not None:
        assert f"`{field.default}`" in default


def test_every_command_is_told() -> None:
    """Each command is named, each named one exists, and the two to set it up are what CI runs."""
    commands = get_command(cli).commands  # type: ignore[attr-defined]  # a typer app with several commands is a group

    assert set(re.findall(r"`voicejob ([a-z]+)", README)) == set(commands)
    assert {"pip install . && voicejob demo", "pip install -e '.[test]' && pytest"} <= {*README.splitlines()}


def test_every_picture_is_shown_and_quick_to_load() -> None:
    """The pictures that stand there are those that were made, each a PNG of less than 300 kB, with a text."""
    shown = {ROOT / place: text for text, place in re.findall(r"!\[(.*?)\]\((.*?)\)", README)}

    assert set(shown) == set(PICTURES.iterdir())
    assert all(shown.values())
    for picture in shown:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 300_000
