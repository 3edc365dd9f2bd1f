"""PURE. The card of a job: what it shows, as blocks and in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.domain.causes import FAILURES, Cause
from bot.domain.direct_messages import is_direct
from bot.domain.jobs import GONE, STATES, Job, Phase
from bot.messages import causes
from bot.messages.blocks import (
    HEADER_LIMIT,
    VALUE_LIMIT,
    Element,
    Message,
    actions,
    button,
    clean,
    code,
    context_block,
    cut,
    date,
    escape,
    header,
    literal,
    row,
    section,
    spoken,
)
from bot.messages.context import MessageContext
from bot.messages.texts import Words

REFRESH: Final = "job_refresh"
"""action_id: replace this card with a new one. The button's value is the job id."""
TRY_AGAIN: Final = "job_try_again"
"""action_id: replace this problem with a card. The button's value is the job id."""
OPEN_CONSOLE: Final = "job_open_console"
"""action_id of a link, which Slack reports when it is pressed, like any button (Block Kit, "Button")."""
SUBSCRIBE: Final = "subscription_start"
"""action_id: subscribe this channel to the job. The button's value is the job id."""
TELL_ME: Final = "subscription_tell_me"
"""action_id: subscribe the person who presses, in their direct message. The button's value is the job id."""
SHOW: Final = "job_show"
"""action_id: show the job's card. The button's value is the job id."""
DETAILS: Final = "job_details"
"""action_id: show why the job failed, and its history. The button's value is the job id."""
DETAILS_AGAIN: Final = "job_details_again"
"""action_id: replace that with what MetaStudio says now. The button's value is the job id."""

REASON_LIMIT: Final = 500
STEPS: Final = 8
"""The steps of a job's usual path: see ``Meaning.step``."""
LINK_LIMIT: Final = 500
"""Characters of an escaped address that may stand in running text."""
_ENDS: Final = tuple(".!?…:。！？：")  # noqa: RUF001  Chinese ones, too
_QUOTES: Final = "”’）)"  # noqa: RUF001  the same
"""What ends a sentence, and what may stand behind that."""
WORDED: Final = frozenset({*STATES, GONE})
"""The states for which the catalogs have words."""
MOST_TIMES: Final = 20
"""A state that occurred more often has no number beside it."""
ICONS: Final[Mapping[Phase, str]] = {
    Phase.IN_PROGRESS: ":hourglass_flowing_sand:",
    Phase.WAITS_FOR_CUSTOMER: ":point_right:",
    Phase.ENDED_WELL: ":white_check_mark:",
    Phase.ENDED_BADLY: ":x:",
    Phase.UNKNOWN: ":warning:",
}


def card(
    shown: Job,
    buttons: Sequence[Element],
    context: MessageContext,
    *,
    now: int,
    notes: Sequence[str] = (),
    cause: Cause | None = None,
    asked: Sequence[Element] = (),
) -> Message:
    """Return a job as blocks: name, what its state means, why, ``notes``, buttons, a line of small print.

    ``asked`` are the buttons for what the customer has to do, which come first. Slack quotes the beginning of
    the text above each reply that is shown in the channel: it stays the same.
    """
    state = shown.state if shown.state in STATES else None
    words, job_id = context.words, code(shown.job_id or "")
    small = row(code(state) if state else "", date(now, words("checked")), job_id)
    lines = [*state_lines(shown, context, cause), *filter(None, notes)]
    blocks = [
        header(title(shown, words)),
        section("\n".join(lines)),
        *(actions(*row) for row in (asked, buttons) if row),
        context_block(small),
    ]
    said, voice = sentences(map(spoken, lines), words), voice_name(shown, words)
    return Message(words("named-card", voice=voice, job=job_id, said=said), blocks)


def job_button(
    name: str,
    action_id: str,
    shown: Job,
    context: MessageContext,
    *,
    value: str | None = None,
    **more: object,
) -> Element:
    """Return a button with the job id as its value, if no other is given.

    A screen reader reads the voice's name beside it.
    """
    words = context.words
    label = words(f"button-{name}")
    about = words("button-about", button=label, voice=title(shown, words))
    return button(label, action_id, (shown.job_id or "") if value is None else value, about=about, **more)


def console_button(shown: Job, context: MessageContext) -> list[Element]:
    """Return a button that opens a job's own page, if its address is known."""
    url = context.console_url(shown.job_id or "")
    return [job_button("console", OPEN_CONSOLE, shown, context, value="", url=url)] if url else []


def details_button(shown: Job, context: MessageContext) -> Element:
    """Return the button for a job's details, called Why? where it failed or was sent back."""
    name = "why" if shown.state in FAILURES else "details"
    return job_button(name, DETAILS, shown, context)


def ending(channel_id: str) -> str:
    """Return the end of a message's name: another one addresses the only reader of a direct message."""
    return "-direct" if is_direct(channel_id) else ""


def title(shown: Job, words: Words) -> str:
    """Return the voice's name, as plain text."""
    return title_of(shown.voice_name, words)


def title_of(voice_name: str | None, words: Words) -> str:
    """Return a voice's name, as plain text, cut: the catalogs take no value of more than 2500 characters."""
    return cut(clean(voice_name or ""), HEADER_LIMIT) or words("no-name")


def voice_name(shown: Job, words: Words) -> str:
    """Return the voice's name, as mrkdwn."""
    return literal(title(shown, words))


def state_lines(shown: Job, context: MessageContext, cause: Cause | None = None) -> list[str]:
    """Return in mrkdwn: the state and since when, why, whose turn it is, what to do, and what comes next."""
    words = context.words
    state, since = state_with_times(shown, words), since_when(shown, words)
    said = words("card-state", state=state, since=since) if since else words("card-state-only", state=state)
    lines = [
        f"{ICONS[shown.meaning.phase]} {said}",
        *why(shown, cause, words),
        turn(shown, context),
        _step(shown, words),
    ]
    return [*filter(None, lines)]


def sentences(lines: Iterable[str], words: Words) -> str:
    """Join lines as sentences, without the empty ones."""
    whole = (_sentence(line, words("full-stop")) for line in lines if line)
    return words("between-sentences").join(whole).rstrip()


def _sentence(line: str, stop: str) -> str:
    if line.endswith("*"):
        return f"{line[:-1]}{stop}* "  # Slack ends bold before a space, not before a Chinese full stop
    return line if line.rstrip(_QUOTES).endswith(_ENDS) else line + stop


def label(state: str | None, words: Words) -> str:
    """Return a state's label; one that is new to the bot keeps the name that MetaStudio gives it."""
    if state in WORDED:
        return words(f"state-{state}")
    return literal(state or "") or words("state-none")


def state_with_times(shown: Job, words: Words) -> str:
    """Return the label of a job's state, with how often it occurred, if more than once."""
    said, times = label(shown.state, words), shown.reject_times or 0
    if times < 2:  # noqa: PLR2004
        return said
    many = times > MOST_TIMES
    return words("state-times-many", state=said) if many else words("state-times", state=said, times=times)


def list_row(shown: Job, words: Words) -> str:
    """Return the line for a job in a list: its voice, its state, and since when."""
    since, state = since_when(shown, words), state_with_times(shown, words)
    voice = voice_name(shown, words)
    said = words("list-row" if since else "list-row-only", voice=voice, state=state, since=since)
    return f"{ICONS[shown.meaning.phase]} {said}"


def since_when(shown: Job, words: Words) -> str:
    """Return how long ago the job came into its state: Slack counts that anew whenever it is read."""
    return date(shown.lastupdate_time, words("since")) if shown.lastupdate_time else ""


def turn(shown: Job, context: MessageContext) -> str:
    """Return who must act in this state, what to do, and where."""
    return context.words.attribute(_state_message(shown.state), "turn", console=console(shown, context))


def console(shown: Job, context: MessageContext) -> str:
    """Return the words for MetaStudio's console: a link to the job's own page, if its address is known."""
    words, url = context.words, escape(context.console_url(shown.job_id or "") or "")
    is_link = 0 < len(url) <= LINK_LIMIT and "|" not in url
    return words("console-link", url=url) if is_link else words("console")


def next_step(state: str | None, words: Words) -> str:
    """Return what comes next, or an empty text where nothing does, or nobody says what."""
    return words.attribute(_state_message(state), "next")


def _state_message(state: str | None) -> str:
    if not state:
        return "state-none"
    return f"state-{state}" if state in WORDED else "state-unknown"


def _step(shown: Job, words: Words) -> str:
    """Return the step as a bar, short enough for a phone's line, and what comes next."""
    step, next_ = shown.meaning.step, next_step(shown.state, words)
    if not (step and next_):
        return ""
    bar = "▰" * step + "▱" * (STEPS - step)
    return words("card-step", bar=bar, step=step, steps=STEPS, next=next_)


def why(shown: Job, cause: Cause | None, words: Words) -> list[str]:
    """Return why a job failed or was sent back, in a few lines; what says the same is said once."""
    own = _own_reason(shown, words)
    if cause is None or is_repeated(cause, shown):
        return [own] if own else []
    return [own, *causes.lines(cause, words, most=1)] if own else causes.lines(cause, words)


def is_repeated(cause: Cause, shown: Job) -> bool:
    """Whether a cause only says what the job itself says."""
    said = clean(cause.said.removesuffix("…"))
    return bool(said) and said in clean(shown.job_failed_reason or "")


def _own_reason(shown: Job, words: Words) -> str:
    """Return the reason in the job itself. MetaStudio's example has a code where nothing has failed."""
    if shown.state in WORDED - FAILURES:
        return ""
    error = literal(shown.job_failed_code or "", VALUE_LIMIT)
    reason = literal(shown.job_failed_reason or "", REASON_LIMIT)
    if reason and error:
        return words("cause", reason=reason, code=error)
    if reason:
        return words("cause-reason", reason=reason)
    return words("cause-code", code=error) if error else ""


def step_names(words: Words) -> list[str]:
    """Return the names of the steps of a job's usual path, in order."""
    return [words(f"step-{step}") for step in range(1, STEPS + 1)]
