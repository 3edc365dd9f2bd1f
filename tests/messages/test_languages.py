"""Each message is wholly in its reader's language."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from bot.domain.jobs import GONE, STATES
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.domain.slack_errors import KNOWN
from bot.errors import VoiceJobError
from bot.messages import channel, guidance, home
from bot.messages.blocks import Message
from bot.messages.facts import MEASURES, facts
from tests.messages.kinds import every_message
from tests.messages.reading import CHINESE, CONTEXT, every_text, followed, paused_of, texts_of
from tests.records import NOW
from tests.test_errors import OF_PEOPLE, made

FACTS = {
    "voice_name": "①",
    "job_failed_code": "MSS.00070001",
    "job_failed_reason": "②",
    "batch_name": "③",
    "reject_times": 2,
    "lastupdate_time": NOW,
    "create_time": NOW,
    "job_type": "FLEXUS",
    "language": "CN",
    "sex": "FEMALE",
    "tag": "NEWS",
    "create_type": "PACKAGE",
    "asset_id": "④",
    "assess_result": {
        name: {"actual": "⑤", "expected": "⑥", "suggestion": "⑦", "suggestion_en": "⑦"} for name in MEASURES
    },
}
"""What comes from MetaStudio as it is has no letters here, so that all letters are ours."""

STAYS = re.compile(
    r"`[^`]*`|<!date\^\d+\^|\{\w+\}|\|[^<>|]*\d{4}-\d\d-\d\d \d\d:\d\d UTC>|<(?:[@#]|!subteam\^)\w+>|^:\w+: "
    r"|MSS\.\d+|MetaStudio|Slack|VoiceJob|Flexus|DNSMOS|DupDub|AudioX|\bIDs?\b|WAV|MP3|kHz"
    r"|English|中文",  # a language goes by its own name
    re.MULTILINE,
)
"""Ids, codes, commands and MetaStudio's names of states stand in code spans; moments, people and channels are
Slack's own; and names are names."""
CJK = "[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]"
LETTERS = {Language.EN: CJK, Language.ZH: "[A-Za-z]{2,}"}
"""Letters of the other language."""

HAN = "[\u3400-\u9fff]"
MISSET = re.compile(f"{HAN}[,:;!?()A-Za-z0-9`]|[,:;!?()A-Za-z0-9`]{HAN}|{HAN} {HAN}")

FORMATTED = re.compile(r"`[^`]*`|\*[^*]*\*")
NO_EDGE = re.compile(r"[^\s!-/:-@\[-_{-~]")
"""Where Slack would not see that bold or code begins or ends: no white space, and none of ASCII's marks."""

OTHER_LANGUAGE = re.compile("[^\x00-\x7f]|home_language_(?:en|zh)")
"""Words in Chinese, and the button that changes to the language that is not the reader's."""

BRACKETS = re.compile("<[^>]*>|&lt;.*?&gt;")

SHOWN = [
    *(
        paused_of("is_archived", "SPLITTING", state, state, job=FACTS, level=Level.IMPORTANT)
        for state in STATES
    ),
    followed("SPLITTING", GONE, job=FACTS, stopped_by="U0BOB", level=Level.IMPORTANT),
    followed("SPLITTING", "SUCCEED", job=FACTS, address=Address("T1", "D1")),
    paused_of("not_in_channel", "AUDITING", job=FACTS, address=Address("T1", "D1")),
    followed(*(["AUDITING", "WAITING"] * 8), job=FACTS | {"voice_name": None, "reject_times": 30}),
]


@cache
def messages(language: Language) -> list[Message]:
    """Make every kind of message in a language, of any ordinary facts, and each refusal and error."""
    context = CONTEXT.in_language(language)
    made_of = [message for shown in SHOWN for message in every_message(shown, "1", context)]
    # The answer that a language was set is in that language.
    made_of = [each for each in made_of if not re.search("From now on|我今后", each.text)]
    refusals = [channel.paused(paused_of(reason, job=FACTS), context) for reason in [*KNOWN, "other"]]
    kinds: list[type[VoiceJobError]] = [*OF_PEOPLE.values()]
    return [*made_of, *refusals, *(guidance.problem(made(kind), context) for kind in kinds)]


@pytest.mark.parametrize("language", Language)
def test_no_other_language_is_left(language: Language) -> None:
    """Without what stays as it is, no text, button or dialog has a word of another language."""
    left = {
        text
        for message in messages(language)
        for text in every_text(message)
        if re.search(LETTERS[language], STAYS.sub(" ", text))
    }

    assert left == set()


def test_chinese_is_set_as_chinese() -> None:
    """Its marks are full-width, spaces part it from Latin words and numbers, and no two Chinese words."""
    texts = [BRACKETS.sub("", text) for message in messages(Language.ZH) for text in every_text(message)]
    wrong = {found[0]: text for text in texts for found in MISSET.finditer(text)}

    assert wrong == {}


@pytest.mark.parametrize("language", Language)
def test_format_ends_where_slack_sees_it(language: Language) -> None:
    """Bold and code have a space, a half-width mark or the line's edge on both sides."""
    texts = [text for message in messages(language) if message.text != "-" for text in texts_of(message)]

    assert [text for text in texts if any(map(NO_EDGE.match, _beside_formatted(text)))] == []


def _beside_formatted(text: str) -> Iterator[str]:
    for span in FORMATTED.finditer(text):
        yield text[max(span.start() - 1, 0) : span.start()]
        yield text[span.end() : span.end() + 1]


@pytest.mark.parametrize("language", Language)
def test_personal_pronoun_is_polite(language: Language) -> None:
    """In Chinese, a reader is addressed as one addresses a customer."""
    assert not [message.text for message in messages(language) if "你" in message.text]


def test_message_is_the_same_but_for_its_words() -> None:
    """In each language a message has the same blocks and buttons with the same values, and ids and codes."""
    english, chinese = (
        [OTHER_LANGUAGE.sub("", str(_bones(message.blocks))) for message in messages(language)]
        for language in Language
    )

    assert english == chinese


def _bones(part: object) -> object:
    """Return a part of a message without its words."""
    if isinstance(part, dict):
        return {
            key: _bones(value)
            for key, value in part.items()
            if key not in {"text", "accessibility_label"} and value not in home.LANGUAGES.values()
        }
    return [_bones(each) for each in part] if isinstance(part, list) else part


def test_unknown_values_are_shown_as_they_came() -> None:
    """A state or an edition that is new to the bot keeps MetaStudio's name, in any language."""
    shown = followed("SPLITTING", "BRAND_NEW", job={"job_type": "NEW_ONE"})

    for context in (CONTEXT, CHINESE):
        assert "BRAND_NEW" in channel.notice(shown, context).text
        assert "`NEW_ONE`" in str(facts(shown.job, context))
