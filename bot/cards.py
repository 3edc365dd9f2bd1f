"""PURE. Jobs, help and problems as Slack messages; the one place that knows escaping and Slack's limits.

Two rules keep text from outside harmless, whatever it holds: in a plain_text object it is just characters; in
mrkdwn it stands in a code span, escaped, since Slack has no escape for ``* _ ~`` and the backtick
("Formatting message text"). It is cut after escaping, and never inside an entity.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.errors import BadUsage, JobNotFound, MetaStudioError, VoiceJobError
from bot.jobs import EDITIONS, LANGUAGES, SEXES, STEPS, SUPPLIES, USES, UUID, Job, Phase

REFRESH: Final = "job_refresh"
"""action_id: replace this card with a new one. The button's value is the job id."""
TRY_AGAIN: Final = "job_try_again"
"""action_id: replace this problem with a card. The button's value is the job id."""
OPEN_CONSOLE: Final = "job_open_console"
"""action_id of a link, which Slack reports when it is pressed, like any button (Block Kit, "Button")."""

HEADER_LIMIT: Final = 150
SECTION_LIMIT: Final = 3000
FIELDS_LIMIT: Final = 10
"""Slack's limits: characters in a header and in a section, fields in a section (Block Kit reference)."""
VALUE_LIMIT: Final = 200
REASON_IN_TEXT_LIMIT: Final = 500
QUOTED_LIMIT: Final = 80
"""Our limits, far below Slack's: a card with longer values would be no card any more."""

LIKE_THIS: Final = "26f06524-4f75-4b3a-a853-b649a21aaf66"
"""The job id in the example of ShowVoiceTrainingJob's page."""
BIDI_CONTROLS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of invisible characters that reorder what follows them, labels of ours included."""

ICONS: Final[Mapping[Phase, str]] = {
    Phase.IN_PROGRESS: ":hourglass_flowing_sand:",
    Phase.WAITS_FOR_CUSTOMER: ":point_right:",
    Phase.ENDED_WELL: ":white_check_mark:",
    Phase.ENDED_BADLY: ":x:",
    Phase.UNKNOWN: ":warning:",
}
TURNS: Final[Mapping[Phase, str]] = {
    Phase.IN_PROGRESS: "MetaStudio's turn",
    Phase.WAITS_FOR_CUSTOMER: "Your turn",
    Phase.ENDED_WELL: "Done",
    Phase.ENDED_BADLY: "Your turn",
    Phase.UNKNOWN: "Perhaps your turn",
}


@dataclass(frozen=True)
class Message:
    """What Slack is told. ``text`` says it all by itself: phones and screen readers get nothing else."""

    text: str
    blocks: list[dict[str, Any]]


def job(shown: Job, *, region: str, now: int, console_url: str | None = None) -> Message:
    """Show one job. ``now`` is when it was looked up, in epoch seconds; ``console_url`` is its own page."""
    origin = [code(shown.job_id or ""), f"Region {code(region)}", f"Looked up {date(now)}"]
    return _message(
        _job_text(shown),
        [
            HeaderBlock(text=_plain(_title(shown), HEADER_LIMIT)),
            _section(_standing(shown)),
            *_failure(shown),
            *_details(shown),
            ActionsBlock(elements=_job_buttons(shown, console_url)),
            ContextBlock(elements=[MarkdownTextObject(text=part) for part in origin]),
        ],
    )


def help(command: str) -> Message:  # noqa: A001  cards.help is what the command help shows
    """Tell how the command is used; ``command`` has its slash."""
    lines = [
        "See where a voice training job at MetaStudio stands.",
        f"{code(f'{command} <job_id>')}  shows you the job: its state, whose turn it is, what comes next.",
        f"{code(f'{command} help')}  shows this. Nobody but you sees what the command answers.",
        "Copy the job id from MetaStudio; quotes, backticks or a link around it do no harm.",
    ]
    return _message("\n".join(lines), [_section("\n".join(lines))])


def usage(error: BadUsage, command: str) -> Message:
    """Tell what was wrong with what a person typed, and what to type instead."""
    meant = f" Did you mean {code(f'{command} {error.meant}')}?" if error.meant else ""
    ways = f"Try {code(f'{command} <job_id>')} or {code(f'{command} help')}."
    said = f"{error.sentence(_quoted)}{meant}\n{ways}"
    return _message(said, [_section(said)])


def problem(error: VoiceJobError, *, job_id: str | None = None) -> Message:
    """Tell what went wrong with a look-up; ``job_id`` adds a button to try it again, where that may help."""
    said = f"{error.sentence(_quoted)}{_hint(error)}"
    blocks: list[Block] = [_section(f":warning: {said}")]
    if job_id and error.may_pass:
        blocks.append(ActionsBlock(elements=[_button("Try again", TRY_AGAIN, job_id)]))
    if isinstance(error, MetaStudioError) and error.request_id:
        request = f"For whoever runs the bot: request {code(error.request_id[:8])}"
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=request)]))
        said = f"{said} ({request})"
    return _message(said, blocks)


def clean(text: str) -> str:
    """Make one line of it, without what can't be seen and would disturb; empty if nothing can be seen."""
    kept = "".join(char for char in text if char.isspace() or not _disturbs(char))
    line = " ".join(kept.split())
    return line if any(char.isprintable() and not char.isspace() for char in line) else ""


def escape(text: str) -> str:
    """Escape the three characters to which Slack gives a meaning in mrkdwn ("Formatting message text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, limit: int = VALUE_LIMIT) -> str:
    """Put text from outside into a code span, the one form in which mrkdwn leaves it as it is."""
    inside = _cut_escaped(clean(text).replace("`", "'"), limit)
    return f"`{inside or ' '}`"


def date(epoch: int) -> str:
    """Write a moment as Slack's date token: each reader sees their own time zone, old clients UTC."""
    utc = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{epoch}^{{date_short_pretty}} {{time}}|{utc}>"


def _quoted(text: str) -> str:
    return code(text, QUOTED_LIMIT)


def _hint(error: VoiceJobError) -> str:
    """Help one who typed a word for which there is no job: most of them wanted something else."""
    if not isinstance(error, JobNotFound) or UUID.fullmatch(error.values["job_id"]):
        return ""
    return f" A job id usually looks like {code(LIKE_THIS)}; the word {code('help')} shows what I can do."


def _message(text: str, blocks: Iterable[Block]) -> Message:
    return Message(text, [block.to_dict() for block in blocks])


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=text))


def _plain(text: str, limit: int) -> PlainTextObject:
    # Without emoji=False, Slack would draw a picture for a name like ":x:".
    return PlainTextObject(text=_cut(text, limit), emoji=False)


def _button(label: str, action_id: str, value: str) -> ButtonElement:
    return ButtonElement(text=label, action_id=action_id, value=value)


def _disturbs(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in BIDI_CONTROLS


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cut_escaped(text: str, limit: int) -> str:
    """Escape, and cut so that the escaped form keeps the limit and no entity is split."""
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    kept = ""
    for char in map(escape, text):
        if len(kept) + len(char) >= limit:
            break
        kept += char
    return f"{kept}…"


def _title(shown: Job) -> str:
    return clean(shown.voice_name or "") or "Voice without a name"


def _job_text(shown: Job) -> str:
    """Say in sentences what the blocks show, without the bar and the buttons."""
    meaning = shown.meaning
    sentences = [
        f"{code(_title(shown))}: {_state(shown)}.",
        f"{TURNS[meaning.phase]}: {meaning.to_do}",
        f"{_step(meaning.step)}." if meaning.step else "",
        f"Next: {meaning.next}",
        *(f"{label}: {value}." for label, value in _causes(shown)),
        *(f"{label}: {value}." for label, value in _facts(shown)),
        f"Job {code(shown.job_id or '')}.",
    ]
    return " ".join(filter(None, sentences))


def _standing(shown: Job) -> str:
    """Say where the job is and whose turn it is: the glance that a card is for."""
    meaning = shown.meaning
    lines = [
        f"{ICONS[meaning.phase]} *{meaning.label}*{_own_name(shown)}",
        f"*{TURNS[meaning.phase]}:* {meaning.to_do}",
        f"{_step(meaning.step)}  {_bar(meaning.step)}" if meaning.step else "",
        f"*Next:* {meaning.next}",
    ]
    return "\n".join(filter(None, lines))


def _state(shown: Job) -> str:
    return f"{shown.meaning.label}{_own_name(shown)}"


def _own_name(shown: Job) -> str:
    """MetaStudio's own name of the state: the console shows it, and for a new state it is all there is."""
    return f" ({code(shown.state)})" if shown.state else ""


def _step(step: int) -> str:
    return f"Step {step} of {len(STEPS)}: {STEPS[step - 1]}"


def _bar(step: int) -> str:
    """Draw the path in few enough signs for a phone's line; the words beside it say the same."""
    return "▰" * step + "▱" * (len(STEPS) - step)


def _causes(shown: Job) -> list[tuple[str, str]]:
    """Why a job failed. MetaStudio's own example has a code beside a state in which nothing has failed."""
    if shown.meaning.phase in {Phase.IN_PROGRESS, Phase.ENDED_WELL}:
        return []
    causes = [
        ("Error", shown.job_failed_code, VALUE_LIMIT),
        ("Reason", shown.job_failed_reason, REASON_IN_TEXT_LIMIT),
    ]
    return [(label, code(value, limit)) for label, value, limit in causes if value]


def _failure(shown: Job) -> list[Block]:
    blocks: list[Block] = []
    if "Error" in (causes := dict(_causes(shown))):
        blocks.append(_section(f"*Error:* {causes['Error']}"))
    if "Reason" in causes:
        # A long text reads better outside a code span, and as plain_text it is as harmless.
        reason = f"Reason: {clean(shown.job_failed_reason or '')}"
        blocks.append(SectionBlock(text=_plain(reason, SECTION_LIMIT)))
    return blocks


def _facts(shown: Job) -> list[tuple[str, str]]:
    """List what else is known of the job, ready for mrkdwn; what MetaStudio did not say takes no room."""
    times = shown.reject_times or 0
    facts = [
        ("State changed", _moment(shown.lastupdate_time)),
        ("Created", _moment(shown.create_time)),
        ("Edition", _word(EDITIONS, shown.job_type)),
        ("Language", _word(LANGUAGES, shown.language)),
        ("Sex of the voice", _word(SEXES, shown.sex)),
        ("Use", _word(USES, shown.tag)),
        ("Recordings came as", _word(SUPPLIES, shown.create_type)),
        ("Times in this state", _cut(str(times), VALUE_LIMIT) if times > 1 else None),
        ("Batch", _outside(shown.batch_name)),
        ("Model asset", _outside(shown.asset_id)),
        ("Avatar job", _outside(shown.dhtms_job_id)),
    ]
    return [(label, value) for label, value in facts if value]


def _details(shown: Job) -> list[SectionBlock]:
    fields = [MarkdownTextObject(text=f"*{label}*\n{value}") for label, value in _facts(shown)]
    return [
        SectionBlock(fields=fields[start : start + FIELDS_LIMIT])
        for start in range(0, len(fields), FIELDS_LIMIT)
    ]


def _word(words: Mapping[str, str], value: str | None) -> str | None:
    """Translate one of MetaStudio's values; one that is not known is shown as it came."""
    return words.get(value or "") or _outside(value)


def _outside(value: str | None) -> str | None:
    return code(value) if value else None


def _moment(epoch: int | None) -> str | None:
    return date(epoch) if epoch else None


def _job_buttons(shown: Job, console_url: str | None) -> list[ButtonElement]:
    buttons = [_button("Refresh", REFRESH, shown.job_id or "")]
    if console_url:
        buttons.append(ButtonElement(text="Open console", action_id=OPEN_CONSOLE, url=console_url))
    return buttons
