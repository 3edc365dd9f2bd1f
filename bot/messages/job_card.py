"""PURE. The card of a looked-up job, and the replies with help and errors, as Block Kit messages."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.job_ids import UUID
from bot.domain.jobs import GONE, STATES, Job, Phase, meaning_of
from bot.errors import BadUsage, JobNotFound, MetaStudioError, VoiceJobError
from bot.messages.blocks import (
    VALUE_LIMIT,
    Block,
    Element,
    Message,
    actions,
    button,
    clean,
    code,
    context_block,
    cut,
    date,
    header,
    joined,
    plain_section,
    quoted,
    section,
)
from bot.messages.errors import sentence
from bot.messages.texts import en

REFRESH: Final = "job_refresh"
"""action_id: replace this card with a new one. The button's value is the job id."""
TRY_AGAIN: Final = "job_try_again"
"""action_id: replace this problem with a card. The button's value is the job id."""
OPEN_CONSOLE: Final = "job_open_console"
"""action_id of a link, which Slack reports when it is pressed, like any button (Block Kit, "Button")."""

SUBSCRIBE: Final = "subscription_start"
"""action_id: subscribe this channel to the job. The button's value is the job id."""
REASON_IN_TEXT_LIMIT: Final = 500

BETWEEN: Final = "  ·  "

LIKE_THIS: Final = "26f06524-4f75-4b3a-a853-b649a21aaf66"
"""The job id in the example of ShowVoiceTrainingJob's page."""
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


def job(
    shown: Job, *, region: str, now: int, console_url: str | None = None, is_followed: bool = False
) -> Message:
    """Return a message on one job, looked up at ``now`` (epoch seconds); ``console_url`` is its own page.

    ``is_followed`` says that the channel is subscribed to it already.
    """
    buttons = [button("Refresh", REFRESH, shown.job_id or ""), *console_button(console_url)]
    if not is_followed and not shown.is_over:
        buttons.insert(0, button("Subscribe channel", SUBSCRIBE, shown.job_id or "", style="primary"))
    notes = ["This channel is told of its changes."] if is_followed else []
    notes += [f"Region {code(region)}", f"Looked up {date(now)}"]
    return Message(text_of(shown), card(shown, buttons, notes))


def card(shown: Job, buttons: Sequence[Element], notes: Sequence[str]) -> list[Block]:
    """Return the blocks of a job: state, buttons, and in small print the rest, the job id last."""
    return [
        header(title(shown)),
        section(status_text(shown)),
        *failure(shown),
        *([actions(*buttons)] if buttons else []),
        *_details(shown),
        context_block(*notes, code(shown.job_id or "")),
    ]


def console_button(url: str | None) -> list[Element]:
    """Return a button that opens a job's own page, if its address is known."""
    return [button("Open console", OPEN_CONSOLE, url=url)] if url else []


def help(command: str) -> Message:  # noqa: A001  cards.help is what the command help shows
    """Return how the command is used; ``command`` has its slash."""
    lines = [
        "See where a voice training job at MetaStudio stands, and have this channel told when that changes.",
        f"{code(f'{command} <job_id>')}  shows you the job: its state, whose turn it is, what comes next.",
        f"{code(f'{command} subscribe <job_id>')}  posts its card here, and tells each change of its state.",
        f"{code(f'{command} subscribe <job_id> important')}  shows here what asks you to act, and the end.",
        f"{code(f'{command} subscribe <job_id> all')}  shows every change again.",
        f"{code(f'{command} unsubscribe <job_id>')}  ends the subscription.",
        f"{code(f'{command} list')}  shows what this channel is subscribed to.",
        f"{code(f'{command} help')}  shows this. Nobody but you sees what the command answers.",
        "Copy the job id from MetaStudio; quotes, backticks or a link around it do no harm.",
    ]
    return Message("\n".join(lines), [section("\n".join(lines))])


def usage(error: BadUsage, command: str) -> Message:
    """Return what was wrong with what a person typed, and what to type instead."""
    meant = f" Did you mean {code(f'{command} {error.meant}')}?" if error.meant else ""
    ways = f"Try {code(f'{command} <job_id>')} or {code(f'{command} help')}."
    said = f"{sentence(error, quoted)}{meant}\n{ways}"
    return Message(said, [section(said)])


def problem(error: VoiceJobError, *, job_id: str | None = None, again: str = TRY_AGAIN) -> Message:
    """Return a message on an error; ``job_id`` adds a button to try it again, where that may help.

    ``again`` is the button's action_id.
    """
    said = f"{sentence(error, quoted)}{_hint(error)}"
    blocks = [section(f":warning: {said}")]
    if job_id and error.may_pass:
        blocks.append(actions(button("Try again", again, job_id)))
    if isinstance(error, MetaStudioError) and error.request_id and not isinstance(error, JobNotFound):
        request = f"For whoever runs the bot: request {code(error.request_id[:8])}"
        blocks.append(context_block(request))
        said = f"{said} ({request})"
    return Message(said, blocks)


def _hint(error: VoiceJobError) -> str:
    """Return a hint for a word for which there is no job: most people who type one want something else."""
    if not isinstance(error, JobNotFound) or UUID.fullmatch(error.values["job_id"]):
        return ""
    return f" A job id usually looks like {code(LIKE_THIS)}; the word {code('help')} shows what I can do."


def title(shown: Job) -> str:
    """Return the voice's name, as plain text."""
    return title_of(shown.voice_name)


def title_of(voice_name: str | None) -> str:
    """Return a voice's name, as plain text."""
    return clean(voice_name or "") or "Voice without a name"


def text_of(shown: Job) -> str:
    """Return in sentences what the blocks show, without the bar and the buttons."""
    step = shown.meaning.step
    sentences = [
        f"{code(title(shown))}: {state_text(shown.state).label}{_since(shown)}.",
        turn(shown.state),
        f"{_step(step)}." if step else "",
        following(shown.state),
        *causes_in_words(shown),
        *(f"{label}: {value}." for label, value in _facts(shown)),
        f"Job {code(shown.job_id or '')}.",
    ]
    return joined(*sentences)


def status_text(shown: Job) -> str:
    """Return the state, whose turn it is, and the step, in mrkdwn."""
    meaning = shown.meaning
    path = f"{_bar(meaning.step)}  {_step(meaning.step)}." if meaning.step else ""
    lines = [
        f"{ICONS[meaning.phase]} *{state_text(shown.state).label}*{_since(shown)}",
        turn_in_bold(shown.state),
        joined(path, following(shown.state)),
    ]
    return "\n".join(filter(None, lines))


def state_text(state: str | None) -> en.StateText:
    """Return what people read of a state, also of one that is new to the bot, and where there is none."""
    return en.STATES.get(state, en.UNKNOWN_STATE) if state else en.NO_STATE


def turn(state: str | None) -> str:
    """Return who must act in this state, and what to do."""
    return f"{TURNS[meaning_of(state).phase]}: {state_text(state).to_do}"


def turn_in_bold(state: str | None) -> str:
    """Return the same in bold, where it may be the reader who must act."""
    is_readers = meaning_of(state).phase not in {Phase.IN_PROGRESS, Phase.ENDED_WELL}
    return f"*{turn(state)}*" if is_readers else turn(state)


def following(state: str | None) -> str:
    """Return what comes next, or an empty text where nothing does."""
    text = state_text(state).next
    return f"Next: {text}" if text else ""


def _since(shown: Job) -> str:
    """Return since when the job is in its state; a state that is new to the bot has its own name here."""
    name = f" {code(shown.state)}" if shown.state and shown.state not in {*STATES, GONE} else ""
    if not (moment := _moment(shown.lastupdate_time)):
        return name
    return f"{name}, {moment}" if shown.is_over else f"{name} since {moment}"


def _step(step: int) -> str:
    return f"Step {step} of {len(en.STEPS)}: {en.STEPS[step - 1]}"


def _bar(step: int) -> str:
    """Return the step as a bar, short enough for a phone's line."""
    return "▰" * step + "▱" * (len(en.STEPS) - step)


def causes(shown: Job) -> list[tuple[str, str]]:
    """Return why a job failed, with labels. MetaStudio's example has a code where nothing has failed."""
    if shown.meaning.phase in {Phase.IN_PROGRESS, Phase.ENDED_WELL}:
        return []
    causes = [
        ("Error", shown.job_failed_code, VALUE_LIMIT),
        ("Reason", shown.job_failed_reason, REASON_IN_TEXT_LIMIT),
    ]
    return [(label, code(value, limit)) for label, value, limit in causes if value]


def causes_in_words(shown: Job) -> list[str]:
    """Return the same in sentences; a reason is in quotes, since it may be a sentence of its own."""
    return [f"{label}: {f'“{value}”' if label == 'Reason' else value}." for label, value in causes(shown)]


def failure(shown: Job) -> list[Block]:
    """Return a block on why a job failed, if it did."""
    if not causes(shown):
        return []
    error, reason = clean(shown.job_failed_code or ""), clean(shown.job_failed_reason or "")
    name = f"Error {cut(error, VALUE_LIMIT)}" if error else "Reason"
    # A long text reads better outside a code span, and as plain_text it is as harmless.
    return [plain_section(": ".join(filter(None, [name, reason])))]


def _facts(shown: Job) -> list[tuple[str, str]]:
    """Return what else is known of the job, with labels, as mrkdwn; what is absent is left out."""
    times = shown.reject_times or 0
    facts = [
        ("State", _quoted_if_any(shown.state) if shown.state in STATES else None),
        ("Edition", _translated(en.EDITIONS, shown.job_type)),
        ("Language", _translated(en.LANGUAGES, shown.language)),
        ("Sex of the voice", _translated(en.SEXES, shown.sex)),
        ("Use", _translated(en.USES, shown.tag)),
        ("Recordings", _translated(en.SUPPLIES, shown.create_type)),
        ("Created", _moment(shown.create_time)),
        ("Times in this state", cut(str(times), VALUE_LIMIT) if times > 1 else None),
        ("Batch", _quoted_if_any(shown.batch_name)),
        ("Model asset", _quoted_if_any(shown.asset_id)),
        ("Avatar job", _quoted_if_any(shown.dhtms_job_id)),
    ]
    return [(label, value) for label, value in facts if value]


def _details(shown: Job) -> list[Block]:
    facts = [f"{label}: {value}" for label, value in _facts(shown)]
    return [context_block(BETWEEN.join(facts))] if facts else []


def _translated(words: Mapping[str, str], value: str | None) -> str | None:
    """Return the words for one of MetaStudio's values; one that is not known is shown as it came."""
    return words.get(value or "") or _quoted_if_any(value)


def _quoted_if_any(value: str | None) -> str | None:
    return code(value) if value else None


def _moment(epoch: int | None) -> str | None:
    return date(epoch) if epoch else None
