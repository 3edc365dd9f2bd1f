"""A job's card, help and problems: what they say, and that text from outside is just characters."""

import re
from typing import Any

import pytest

from bot import errors
from bot.domain.jobs import ENDED_STATES, GONE, STATES, Job, Phase, meaning_of
from bot.errors import BadJobId, BadUsage, JobNotFound, ServiceDown
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.messages.errors import sentence
from bot.messages.texts import en
from tests.messages.reading import HOSTILE, IN_CODE, JOB_ID, NOW_TOKEN, codes_in, live_in, pressed, texts_of
from tests.records import NOW


def card_of(*, job_id: str = JOB_ID, region: str = "r", url: str | None = None, **answer: Any) -> Message:
    """Make the card of an answer, the way a look-up does."""
    job = Job.from_api(answer | {"job_id": job_id})
    return job_card.job(job, region=region, now=NOW, console_url=url)


@pytest.mark.parametrize("name", ["女声 :x: *bold*", None, "\x00\u202e \u2066", "👍" * 150, "n" * 500])
def test_card_leads_with_the_voice(name: str | None) -> None:
    """The first thing is the name, as plain text; where nothing can be seen of it, that there is none."""
    message = card_of(voice_name=name)
    shown = name if name and name.isprintable() else "Voice without a name"

    assert message.blocks[0]["text"]["text"] == (shown if len(shown) <= 150 else f"{shown[:149]}…")
    assert message.text.startswith(f"`{shown[:60]}")


@pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", None])
def test_card_of_any_state(state: str | None) -> None:
    """Its text and its blocks say where the job is, whose turn it is, in bold if yours, and what is next."""
    message, meaning = card_of(state=state, lastupdate_time=NOW), meaning_of(state)
    words, turn, shown = job_card.state_text(state), job_card.TURNS[meaning.phase], texts_of(message)[0]

    for text in (message.text, shown):
        for said in (words.label, NOW_TOKEN, f"{turn}: {words.to_do}", words.next):
            assert said in text
        assert ("Next: " in text) is bool(words.next)
    assert message.text.endswith(f"Job `{JOB_ID}`.")
    assert (f"State: `{state}`." in message.text) is (state in STATES)
    assert shown.startswith(f"{job_card.ICONS[meaning.phase]} *{words.label}*")
    assert (f"*{turn}: {words.to_do}*" in shown) is (
        meaning.phase not in {Phase.IN_PROGRESS, Phase.ENDED_WELL}
    )
    assert (shown.count("▰"), message.text.count("▰")) == (meaning.step or 0, 0)
    assert (f"Step {meaning.step} of {len(en.STEPS)}: " in message.text) is bool(meaning.step)
    assert (f"`{state}`" in shown) is (state == "BRAND_NEW")


def test_every_state_and_value_has_words() -> None:
    """Each state and step has words of its own, as sentences, and no two values of a field share them."""
    assert en.STATES.keys() == {*STATES, GONE}
    assert len(en.STEPS) == max(meaning.step or 0 for meaning in STATES.values())
    every = {**en.STATES, "BRAND_NEW": en.UNKNOWN_STATE, "": en.NO_STATE}
    assert len({text.label for text in every.values()}) == len(every)
    for state, text in every.items():
        assert re.fullmatch(r"[A-Z].*[^.]", text.label)
        assert re.fullmatch(r"[A-Z].*\.", text.to_do)
        assert re.fullmatch(r"[A-Z].*\." if state not in ENDED_STATES else "", text.next)
    for values in (en.EDITIONS, en.SEXES, en.USES, en.SUPPLIES):
        assert len({*values.values()}) == len(values)


@pytest.mark.parametrize("state", ["FAILED", "AUDIT_FAILED", "BRAND_NEW"])
def test_failure_has_its_cause(state: str) -> None:
    """Error code and reason are shown, or one of them, when something failed, or may have, and only then."""
    both = card_of(state=state, job_failed_code="MSS.1", job_failed_reason="太长")
    reason = card_of(state=state, job_failed_reason="r" * 5000)

    assert "Error MSS.1: 太长" in texts_of(both, "plain_text")
    assert "Error: `MSS.1`. Reason: “`太长`”." in both.text
    assert "Error MSS.1" in texts_of(card_of(state=state, job_failed_code="MSS.1"), "plain_text")
    assert f"Reason: {'r' * 2991}…" in texts_of(reason, "plain_text")
    assert not re.search("Reason|Error", str(card_of(state=state)))
    for works in ("WAITING", "SUCCEED"):
        assert "MSS" not in str(card_of(state=works, job_failed_code="MSS.0", job_failed_reason="MSS"))


FACTS = [
    ("job_type", "BASIC", "Edition", "Basic (20 sentences)"),
    ("job_type", "NEW_ONE", "Edition", "`NEW_ONE`"),
    ("language", "CN", "Language", "Chinese"),
    ("sex", "FEMALE", "Sex of the voice", "Female"),
    ("tag", "ECOMMERCE", "Use", "E-commerce"),
    ("create_type", "PACKAGE", "Recordings", "One package"),
    ("create_time", NOW, "Created", NOW_TOKEN),
    ("reject_times", 2, "Times in this state", "2"),
    ("batch_name", "spring", "Batch", "`spring`"),
    ("asset_id", "asset-1", "Model asset", "`asset-1`"),
    ("dhtms_job_id", "avatar-1", "Avatar job", "`avatar-1`"),
]
"""A field's name, a value, the label it has on the card, and how the value reads there."""
SHOWN_FIELDS = {name for name, value, *_ in FACTS if isinstance(value, str)}
SHOWN_FIELDS |= {"voice_name", "state", "job_failed_code", "job_failed_reason"}


@pytest.mark.parametrize(("name", "value", "label", "shown"), FACTS)
def test_what_is_known_is_shown(name: str, value: Any, label: str, shown: str) -> None:
    """A field that is there has its place in the blocks and in the text, and else takes no room."""
    message = card_of(state="WAITING", **{name: value})

    assert texts_of(message)[1] == f"State: `WAITING`{job_card.BETWEEN}{label}: {shown}"
    assert f"{label}: {shown}." in message.text


def test_what_says_nothing_is_not_shown() -> None:
    """Nor is a time that is not known, or how often a state occurred unless that is twice or more."""
    for times, time in ((0, 0), (1, 2147483647), (None, None), (-3, "soon")):
        message = card_of(state="WAITING", reject_times=times, create_time=time, lastupdate_time=time)

        assert texts_of(message)[1] == "State: `WAITING`"
        assert " since " not in str(message)


def test_id_region_and_time_come_last() -> None:
    """The last line has the region, when it was looked up, and the job id to copy."""
    followed = job_card.job(Job.from_api({"job_id": JOB_ID}), region="r", now=NOW, is_followed=True)
    last = ["Region `r`", f"Looked up {NOW_TOKEN}", f"`{JOB_ID}`"]

    assert texts_of(card_of())[-3:] == last
    assert texts_of(followed)[-4:] == ["This channel is told of its changes.", *last]
    assert pressed(followed) == [("Refresh", job_card.REFRESH, JOB_ID)]


@pytest.mark.parametrize("state", ["WAITING", "SUCCEED", "FAILED"])
def test_buttons(state: str) -> None:
    """A job that goes on can be subscribed to; any can be asked for again, and has its console."""
    subscribe = [("Subscribe channel", job_card.SUBSCRIBE, JOB_ID)] if state == "WAITING" else []
    refresh = ("Refresh", job_card.REFRESH, JOB_ID)
    url = "https://e.example/"

    assert pressed(card_of(state=state)) == [*subscribe, refresh]
    assert pressed(card_of(state=state, url=url))[-1] == ("Open console", job_card.OPEN_CONSOLE, url)


def test_hostile_values_stay_plain() -> None:
    """In every field that is shown, markup reaches Slack as characters, in the blocks and in the text."""
    tame, hostile = (card_of(**dict.fromkeys(SHOWN_FIELDS, value)) for value in ("tame", HOSTILE))

    assert live_in(tame) == live_in(hostile)
    assert len(codes_in(tame)) == len(codes_in(hostile))
    assert codes_in(card_of(job_id=HOSTILE, region=HOSTILE)).count(IN_CODE) == 3


TRY_AGAIN_HELPS = "Throttled ServiceDown Unreachable TimedOut UnreadableAnswer VoiceJobError"
IT_DOES_NOT = "JobNotFound RequestRefused CredentialsRefused PermissionDenied WrongProject"


@pytest.mark.parametrize("name", [*TRY_AGAIN_HELPS.split(), *IT_DOES_NOT.split()])
def test_problem(name: str) -> None:
    """It is the error's sentence; a button asks for the same job again, unless that can't help."""
    error = getattr(errors, name)(job_id=JOB_ID)
    message = job_card.problem(error, job_id=JOB_ID)
    again = [("Try again", job_card.TRY_AGAIN, JOB_ID)] if name in TRY_AGAIN_HELPS else []

    assert message.text == sentence(error, "`{}`".format)
    assert texts_of(message) == [f":warning: {message.text}"]
    assert pressed(message) == again
    assert pressed(job_card.problem(error)) == pressed(job_card.problem(error, job_id="")) == []


def test_what_a_problem_has_besides() -> None:
    """A word for which there is no job has a hint; the request's first eight signs find it in the log."""
    hint = "26f06524-4f75-4b3a-a853-b649a21aaf66`; the word `help` shows what I can do."
    assert hint in job_card.problem(JobNotFound(job_id="hlp")).text
    assert pressed(job_card.problem(BadJobId("x y"), job_id="x y")) == []

    error = ServiceDown(request_id="0123abcdEFGH4567", status=503, code="APIGW.0613")
    message = job_card.problem(error, job_id=JOB_ID)
    assert message.text.endswith("(For whoever runs the bot: request `0123abcd`)")
    assert texts_of(message)[-1] == "For whoever runs the bot: request `0123abcd`"
    assert not re.search("EFGH|503|APIGW", str(message))
    assert "request" not in job_card.problem(ServiceDown(status=503), job_id=JOB_ID).text


def test_help_names_what_can_be_typed() -> None:
    """Help shows the command in every form, in the text as in the blocks."""
    message = job_card.help("/c")
    subscribe = ["subscribe <job_id>", "subscribe <job_id> important", "subscribe <job_id> all"]
    typed = ["<job_id>", *subscribe, "unsubscribe <job_id>", "list", "help"]

    assert texts_of(message) == [message.text]
    assert codes_in(message) == [f"/c {words}" for words in typed] * 2


def test_usage_says_what_was_wrong_first() -> None:
    """Then come what was probably meant, and what can be typed; a mention that was typed is none."""
    ways = "Try `/voicejob &lt;job_id&gt;` or `/voicejob help`."
    guessed = job_card.usage(BadUsage("hlep", meant="help"), "/voicejob")
    hostile = job_card.usage(BadUsage(HOSTILE), "/voicejob")

    assert guessed.text == f"I don't understand `hlep`. Did you mean `/voicejob help`?\n{ways}"
    assert texts_of(guessed) == [guessed.text]
    assert hostile.text.endswith(f"`.\n{ways}")
    assert live_in(hostile) == live_in(job_card.usage(BadUsage("tame"), "/voicejob"))
    assert IN_CODE.startswith(codes_in(hostile)[0].rstrip("…"))
