"""The README and the pages tell the truth: settings, commands, files and pictures are the program's."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import cli
from bot.config import Settings
from bot.docs import TOPICS, page
from bot.domain.languages import Language
from bot.domain.rates import RATE_LIMITS
from bot.listeners.command_parser import parse
from bot.listeners.request import Request
from bot.messages.guidance import LIKE_THIS
from bot.metastudio.throttle import CONCURRENCY
from bot.process.sources import SECRET_KEYS
from tests.state_tables import table
from tests.support import started

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = {README: README.read_text()} | {
    ROOT / "bot" / "docs" / f"{topic}.md": page(topic) for topic in TOPICS
}
ALL = "\n".join(PAGES.values())
SETTINGS = page("settings")
ROWS = dict(re.findall(r"^\| `([A-Z_]+)`[^|]*\|(.*)\|$", SETTINGS, re.MULTILINE))
"""The meaning of each setting, by its key."""
KEYS = {name.upper() for name in Settings.model_fields}
OTHER_NAMES = {"CLOUD_SDK_AK", "CLOUD_SDK_SK"}
PICTURES = ROOT / "bot" / "demo" / "pictures"
LONGEST_README = 900
LONGEST_PAGE = 1_000
NARROW = 78
"""Columns for code in a terminal of 80: rich puts a blank on each side."""


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_are_short(path: Path) -> None:
    """A person has read one in five minutes."""
    assert len(PAGES[path].split()) <= (LONGEST_README if path == README else LONGEST_PAGE)


def test_every_setting_is_listed_and_no_other() -> None:
    """The tables have each key that the program reads, a star where it may be in a file, and no other key."""
    prefixes = "SLACK|HUAWEICLOUD|METASTUDIO|VOICEJOB|CLOUD_SDK"

    assert set(ROWS) == KEYS
    assert set(re.findall(r"`([A-Z_]+)`\\\*", SETTINGS)) == set(SECRET_KEYS)
    assert set(re.findall(rf"`((?:{prefixes})_[A-Z_]+)`", ALL)) <= KEYS | OTHER_NAMES


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_defaults_are_those_of_the_program(name: str) -> None:
    """A default stands in the key's row, or that the key is needed."""
    field = Settings.model_fields[name]
    meaning = ROWS[name.upper()]

    assert meaning.startswith(" Needed.") == field.is_required()
    assert field.is_required() or field.default is None or meaning.endswith(f"Default: `{field.default}` ")


def test_every_command_is_told() -> None:
    """Each command is named, each named one exists with its option, and the two to install it stand alone."""
    commands = get_command(cli).commands  # type: ignore[attr-defined]  # a typer app with several commands is a group
    named = re.findall(r"`voicejob ([a-z]+)(?: (--[a-z]+))?", ALL)
    options = {name: {opt for each in commands[name].params for opt in each.opts} for name in commands}

    assert {name for name, _ in named} == set(commands)
    assert [(name, option) for name, option in named if option and option not in options[name]] == []
    assert {"pip install . && voicejob demo", "pip install -e '.[test]' && pytest"} <= {
        *PAGES[README].splitlines()
    }


@pytest.mark.parametrize("typed", sorted(set(re.findall(r"`/voicejob ?([^`]*)`", ALL))))
def test_what_is_typed_in_slack_is_understood(typed: str) -> None:
    """A command that the pages name is none at which the bot asks back."""
    assert isinstance(parse(typed.replace("JOB_ID", LIKE_THIS)), Request)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_and_names_of_files_lead_somewhere(path: Path) -> None:
    """A link to a file, a heading in it, and a file or module that is named are there."""
    links = [link.partition("#") for link in re.findall(r"\]\((?!https?:)(.*?)\)", PAGES[path])]
    named = re.findall(r"`((?:bot|tests|\.ci)/[\w./-]+)`", PAGES[path])
    modules = re.findall(r"`python -m (tests\.[a-z_.]+)", PAGES[path])
    named += [module.replace(".", "/") + ".py" for module in modules]

    headings = {link: anchors(PAGES.get(path.parent / link if link else path, "")) for link, _, _ in links}

    assert [link for link, _, _ in links if not (path.parent / link).exists()] == []
    assert [at for link, _, at in links if at and at not in headings[link]] == []
    assert [file for file in named if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_code_fits_in_a_terminal(path: Path) -> None:
    """A command can be copied out of a terminal of 80 columns without a break in it."""
    blocks = re.findall(r"^ *```\w+\n(.*?)^ *```$", PAGES[path], re.MULTILINE | re.DOTALL)

    assert [line for block in blocks for line in block.splitlines() if len(line) > NARROW] == []


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("requests a second to MetaStudio, in all", 1 / RATE_LIMITS.spacing),
        ("of these, sent by the bot itself", 1 / RATE_LIMITS.requests),
        ("requests on their way at a time", CONCURRENCY),
        ("messages a second in a channel", 1 / RATE_LIMITS.channel),
        ("messages a second in all", 1 / RATE_LIMITS.posts),
        ("edits of cards a minute", 60 / RATE_LIMITS.edits),
    ],
)
def test_limits_are_those_of_the_program(limit: str, value: float) -> None:
    """What the page says of the bot's pace is how it is set."""
    assert f"| {limit} | {value:g}" in page("reliability")


@pytest.mark.parametrize("language", Language)
def test_states_are_told_in_the_words_of_the_cards(language: Language) -> None:
    """The page has the catalog's sentences: ``python -m tests.state_tables`` prints the tables."""
    assert table(language) in page("states")


def test_every_picture_is_shown_and_quick_to_load() -> None:
    """The pictures that stand there are those that were made, each a PNG of less than 300 kB, with a text."""
    shown = {ROOT / place: text for text, place in re.findall(r"!\[(.*?)\]\((.*?)\)", PAGES[README])}

    assert set(shown) == set(PICTURES.iterdir())
    assert all(shown.values())
    for picture in shown:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 300_000


def test_docs_lists_all_pages() -> None:
    """Without a topic, each page that there is has one line, with the command that shows it."""
    lines = CliRunner().invoke(cli, ["docs"]).stdout.splitlines()

    assert {path.stem for path in (ROOT / "bot" / "docs").glob("*.md")} == set(TOPICS)
    assert [line.split()[:3] for line in lines] == [["voicejob", "docs", topic] for topic in TOPICS]


@pytest.mark.parametrize("topic", TOPICS)
def test_docs_prints_a_page_as_it_is(topic: str) -> None:
    """Where stdout is no terminal, a page comes as Markdown; capitals do no harm."""
    assert CliRunner().invoke(cli, ["docs", topic.title()]).stdout == page(topic)


@pytest.mark.parametrize("topic", TOPICS)
async def test_docs_draws_a_page_in_a_terminal(topic: str) -> None:
    """There, no Markdown is left, nor a link to a file; 80 columns are enough: no cell of a table is cut."""
    async with started("docs", topic, settings={"FORCE_COLOR": "1", "COLUMNS": "80"}) as process:
        drawn = (await process.communicate())[0].decode()

    assert not re.search(r"^[#|]|`|\w\.md[#)]", drawn, re.MULTILINE)
    assert drawn.count("…") == page(topic).count("…")


@pytest.mark.parametrize(
    ("topic", "says"), [("depoly", "Did you mean deploy?"), ("zebra", "The pages are deploy, settings,")]
)
def test_an_unknown_page_is_refused(topic: str, says: str) -> None:
    """It says which was asked for, which one may be meant, and which there are."""
    refused = CliRunner().invoke(cli, ["docs", topic], env={"COLUMNS": "400"})

    assert refused.exit_code == 2
    assert f"'{topic}'" in refused.stderr
    assert says in refused.stderr
