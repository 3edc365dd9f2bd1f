"""The catalogs: whole, alike in each language, and neither more nor less than the code uses."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import bot
from bot.domain.causes import Reviewer
from bot.domain.jobs import ENDED_STATES, GONE, STATES, Job, Phase, meaning_of
from bot.domain.keys import SelectorKind
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.domain.reminders import Later
from bot.messages import job_card, texts
from bot.messages.texts import words_in
from bot.simulators.slack.blockkit import MAX_TEXT_OBJECT
from tests.messages.reading import CONTEXT

FOLDER = Path(texts.__file__).parent
FROM_OUTSIDE = (
    *("action", "edition", "error", "fault", "gender", "operator", "reason", "speech", "supply", "use"),
    *("state", "step", "todo"),
)
"""Families of messages that are chosen by a value of MetaStudio's, of Slack's, or by a number."""


def entries(language: Language) -> list[ftl.EntryType]:
    """Parse a catalog."""
    return FluentParser().parse((FOLDER / f"{language}.ftl").read_text(encoding="utf-8")).body


class _References(Visitor):
    """Collects the variables, and the messages and terms, that a part of a catalog refers to."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802  as the library wants
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ftl.MessageReference) -> None:  # noqa: N802
        self.messages.add(node.id.name)

    def visit_TermReference(self, node: ftl.TermReference) -> None:  # noqa: N802
        self.messages.add(f"-{node.id.name}")


def references(part: ftl.BaseNode) -> _References:
    """Return what a part of a catalog refers to."""
    found = _References()
    found.visit(part)
    return found


def patterns(language: Language) -> Iterator[tuple[str, ftl.Pattern]]:
    """Yield each text of a catalog with its name: ``message``, ``message.attribute`` or ``-term``."""
    for entry in entries(language):
        if isinstance(entry, ftl.Message | ftl.Term):
            name = f"{'-' * isinstance(entry, ftl.Term)}{entry.id.name}"
            if entry.value:
                yield name, entry.value
            yield from ((f"{name}.{each.id.name}", each.value) for each in entry.attributes)


VARIABLES = {
    language: {name: references(pattern).variables for name, pattern in patterns(language)}
    for language in Language
}
MESSAGES = {name for name in VARIABLES[Language.EN] if not name.startswith("-") and "." not in name}


@pytest.mark.parametrize("language", Language)
def test_catalog_is_whole(language: Language) -> None:
    """Each text has its place once, none is junk, and each has the variables that it has in English."""
    junk = [entry.content for entry in entries(language) if isinstance(entry, ftl.Junk)]
    twice = [name for name, times in Counter(name for name, _ in patterns(language)).items() if times > 1]

    assert (junk, twice) == ([], [])
    assert VARIABLES[language] == VARIABLES[Language.EN]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("value", [0, 1, 2, 3, 4, "x" * 2000])
def test_every_text_can_be_formatted(language: Language, value: int | str) -> None:
    """With any number or the longest text in its place, a variable is just shown."""
    words = words_in(language)
    for name, variables in VARIABLES[language].items():
        message, _, attribute = name.partition(".")
        values = dict.fromkeys(variables, value)
        if not name.startswith("-"):
            text = words.attribute(message, attribute, **values) if attribute else words(message, **values)
            assert "{" not in re.sub(r"{(ago|date_short_pretty|time)}", "", text)
    with pytest.raises(LookupError):
        words("there-is-no-such-message")


FIELD = "{}"
"""Stands for the part of a name that a call fills in."""


class _Used:
    """The messages that the code names."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        """First arguments of calls; a name with fields is one of a family."""
        self.parts: set[str] = {"", *Level, *Language, *Reviewer, *Later, *SelectorKind}
        """What may be filled in: every text in a module with such calls."""
        for path in Path(bot.__file__).parent.rglob("*.py"):
            tree = ast.parse(path.read_text())
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_of_words(node)]
            for call in calls:
                of_kind = f"-{FIELD}" if getattr(call.func, "attr", "") == "known" else ""
                self.names |= {f"{name}{of_kind}" for name in _names(call.args[0])}
            if calls:
                values = (getattr(node, "value", None) for node in ast.walk(tree))
                self.parts |= {text for text in values if isinstance(text, str)}

    def is_used(self, message: str) -> bool:
        """Whether the code may use a message."""
        known = f"(?:{'|'.join(map(re.escape, self.parts))})"
        is_outside = message.startswith(tuple(f"{kind}-" for kind in FROM_OUTSIDE))
        return is_outside or message in self.parts or any(_fits(name, message, known) for name in self.names)


def _names(argument: ast.expr) -> list[str]:
    """Return the names that a call may give: both, where it decides between two."""
    match argument:
        case ast.IfExp(_, first, second):
            return [*_names(first), *_names(second)]
        case ast.Constant(str(name)):
            return [name]
        case ast.JoinedStr(parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else FIELD for part in parts)]
    return []


def _fits(name: str, message: str, field: str) -> bool:
    """Whether a name, with a regular expression in its fields, is that of a message."""
    return bool(re.fullmatch(field.join(map(re.escape, name.split(FIELD))), message))


def _is_of_words(call: ast.Call) -> bool:
    """Whether a call gets a text of a catalog."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    is_direct = (
        name in {"words", "_words"} or getattr(getattr(call.func, "func", None), "id", "") == "words_in"
    )
    return bool(call.args) and (is_direct or name in {"known", "attribute"})


USED = _Used()


def test_code_uses_what_there_is() -> None:
    """Each message that the code names exists, and each family of which it names a part has members."""
    assert len(USED.names) > len(MESSAGES) / 4
    assert [name for name in USED.names if not any(_fits(name, each, ".*") for each in MESSAGES)] == []


def test_no_word_is_dead() -> None:
    """Each message is named in the code or belongs to a family, and each term is used in a text."""
    referred = set().union(*(references(pattern).messages for _, pattern in patterns(Language.EN)))
    terms = {name for name in VARIABLES[Language.EN] if name.startswith("-")}

    assert [name for name in sorted(MESSAGES - referred) if not USED.is_used(name)] == []
    assert terms <= referred


@pytest.mark.parametrize("language", Language)
def test_every_state_has_words(language: Language) -> None:
    """Each state has a label of its own, whose turn it is, and what comes next while something does."""
    words, every = words_in(language), [*STATES, GONE, "BRAND_NEW", ""]
    labels = [job_card.label(state, words) for state in every]

    assert len({*labels}) == len(labels)
    for state in every:
        goes_on = state in STATES and state not in ENDED_STATES
        assert job_card.turn(Job(state=state), CONTEXT.in_language(language)).strip()
        is_clear = meaning_of(state).phase is not Phase.UNKNOWN
        assert bool(job_card.next_step(state, words)) is (goes_on and is_clear)
    assert len(job_card.step_names(words)) == max(meaning.step or 0 for meaning in STATES.values())


@pytest.mark.parametrize("language", Language)
def test_no_two_values_share_their_words(language: Language) -> None:
    """What MetaStudio tells apart reads differently; only of a spoken language it has two names."""
    for kind in ("edition", "gender", "use", "supply", "button"):
        said = [words_in(language)(name) for name in MESSAGES if re.match(f"{kind}-(?!about)", name)]
        assert said
        assert len({*said}) == len(said)


@pytest.mark.parametrize("language", Language)
def test_catalog_fits(language: Language) -> None:
    """No text is near the limits of a block by itself, and each label is short enough for a phone."""
    for name, _ in patterns(language):
        if name.startswith("button-") and name != "button-about":
            assert len(words_in(language)(name)) <= 20
    assert max(len(ftl_text) for ftl_text in _literal_texts(language)) < MAX_TEXT_OBJECT / 10


def _literal_texts(language: Language) -> Iterator[str]:
    for _, pattern in patterns(language):
        yield from (part.value for part in pattern.elements if isinstance(part, ftl.TextElement))


def test_chinese_marks_follow_at_once() -> None:
    """A full-width mark has a blank before it only where Slack needs one, behind what is code or bold."""
    catalog = (FOLDER / f"{Language.ZH}.ftl").read_text(encoding="utf-8")

    assert re.findall(r".*[^}*=] [，。：；！？、].*", catalog) == []  # noqa: RUF001  Chinese punctuation
