"""PURE. Details of a job: why it failed or was sent back, what to record again, and its history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from bot.domain.causes import (
    FAILURES,
    Cause,
    Fault,
    cause_of,
    current_causes,
    earlier_causes,
    is_current,
)
from bot.domain.findings import Findings
from bot.domain.jobs import STATES, Job, meaning_of
from bot.messages import causes, history, job_card
from bot.messages.blocks import (
    Block,
    Message,
    actions,
    code,
    context_block,
    date,
    header,
    literal,
    row,
    section,
    spoken,
)
from bot.messages.context import MessageContext
from bot.messages.facts import bad_measures, fact_lines, measures_out_of_range
from bot.messages.texts import Words

LONGEST_QUOTE: Final = 1000
LONGEST_SECTION: Final = 2900
MOST_KINDS: Final = 8
"""Kinds of faults that are explained; of the others there is only their number."""
MOST_NAMES: Final = 5
MOST_CAUSES: Final = 3
MOST_OLD: Final = 3
"""Results that are shown, of now and of earlier."""
REVIEWED: Final = 3
"""The last step before the training in which the recordings are reviewed."""
RULES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("MSS.20020011", "MSS.20020018", "MSS.20020016", "MSS.20020029"), "format"),
    **dict.fromkeys(("MSS.20020033", "MSS.20020034"), "format"),
    "MSS.20020015": "text",
}
"""The rule of recording that fits an error code."""
RULES_OF_MEASURES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("snr", "dnsmos_bak", "dnsmos_ovrl"), "snr"),
    "speed": "speed",
    "sound": "sound",
    "reverb": "reverb",
}
"""The rule of recording that fits a measure out of range."""


def details(shown: Job, findings: Findings, context: MessageContext, *, now: int) -> Message:
    """Return all that is known of a job at ``now`` (epoch seconds): why, the history, and all other facts."""
    words = context.words
    parts = [
        job_card.state_lines(shown, context),
        [*_why(shown, findings, context)],
        _measures(shown, words),
        _titled("details-rules", _rules(shown, findings, words), words),
        _titled("details-old", [*_old(shown, findings, words)], words),
        _titled("details-history", history.lines(findings.log, words) if findings.log else [], words),
        _titled("details-facts", fact_lines(shown, context), words),
        _missing(findings, words),
    ]
    state = shown.state if shown.state in STATES else None
    small = row(code(state) if state else "", date(now, words("checked")), code(shown.job_id or ""))
    buttons = [
        job_card.job_button("refresh", job_card.DETAILS_AGAIN, shown, context),
        *job_card.console_button(shown, context),
    ]
    blocks = [
        header(job_card.title(shown, words)),
        *_sections(parts),
        actions(*buttons),
        context_block(small),
    ]
    lines = [*job_card.state_lines(shown, context, cause_of(shown, findings)), *_missing(findings, words)]
    said, voice = job_card.sentences(map(spoken, lines), words), job_card.voice_name(shown, words)
    return Message(words("named-card", voice=voice, job=code(shown.job_id or ""), said=said), blocks)


def _titled(title: str, lines: Sequence[str], words: Words) -> list[str]:
    return [words(title), *lines] if lines else []


def _measures(shown: Job, words: Words) -> list[str]:
    """Return what is out of range, and that the reviews let it pass if the job has gone on."""
    found = measures_out_of_range(shown, words)
    if found and (meaning_of(shown.state).step or 0) > REVIEWED:
        found.append(words("details-measures-passed"))
    return _titled("details-measures", found, words)


def _sections(parts: Iterable[Sequence[str]]) -> Iterator[Block]:
    """Yield a section for each part; a long one is cut between its lines."""
    for lines in parts:
        kept: list[str] = []
        for line in lines:
            if sum(map(len, kept)) + len(kept) + len(line) > LONGEST_SECTION:
                yield section("\n".join(kept))
                kept = []
            kept.append(line)
        if kept:
            yield section("\n".join(kept))


def _why(shown: Job, findings: Findings, context: MessageContext) -> Iterator[str]:
    """Yield the lines on why the job failed or was sent back, beyond what it says itself."""
    words = context.words
    if shown.state not in FAILURES:
        return
    found = [cause for cause in current_causes(shown, findings) if not job_card.is_repeated(cause, shown)]
    if found:
        yield words("details-why")
    for cause in found[:MOST_CAUSES]:
        yield from _told(cause, words)
    if name := _attachment(shown, findings):
        yield words("details-attachment", name=literal(name), console=job_card.console(shown, context))
    if not found and findings.audit and findings.log and not job_card.why(shown, None, words):
        yield words("details-no-reason", console=job_card.console(shown, context))


def _attachment(shown: Job, findings: Findings) -> str | None:
    """Return the name of the file that the reviewer attached, if it is not about an earlier upload."""
    admin = findings.audit.admin if findings.audit else None
    return admin.attachment_name if admin and is_current(admin.audit_time, shown, findings.log) else None


def _told(cause: Cause, words: Words) -> Iterator[str]:
    """Yield who refused and when, the words as a quotation, and the faults."""
    who = words(f"details-by-{cause.by}")
    if cause.at:
        who = words("details-ago", who=who, ago=date(cause.at, words("since")))
    yield words("details-said" if cause.says_why else "details-silent", who=who)
    yield from _quotation(cause.said)
    yield from (_fault(fault, words) for fault in cause.faults[:MOST_KINDS])
    if len(cause.faults) > MOST_KINDS:
        yield words("details-more-faults", count=len(cause.faults) - MOST_KINDS)


def _quotation(said: str) -> list[str]:
    """Return words from outside as a quotation, each line with the mark that Slack wants before it."""
    lines = (literal(line, LONGEST_QUOTE) for line in said[:LONGEST_QUOTE].splitlines())
    return [f"> {line}" for line in lines if line]


def _fault(fault: Fault, words: Words) -> str:
    what, files = causes.what(fault, words), causes.files(fault, words, MOST_NAMES)
    return words("details-fault", what=what, files=files, do=causes.what_to_do(fault, words))


def _rules(shown: Job, findings: Findings, words: Words) -> list[str]:
    """Return the rules of recording that fit what was found wrong, and what submitting again costs."""
    if shown.state not in FAILURES:
        return []
    faults = [fault for cause in current_causes(shown, findings) for fault in cause.faults]
    names = [RULES[fault.code] for fault in faults if fault.code in RULES]
    names += [RULES_OF_MEASURES[name] for name in bad_measures(shown)]
    if shown.state == "AUDIT_FAILED":
        names.append("again")
    return [f"• {words(f'rule-{name}')}" for name in dict.fromkeys(names)]


def _old(shown: Job, findings: Findings, words: Words) -> Iterator[str]:
    """Yield what was said before the last submission, the newest first: that is history."""
    for cause in earlier_causes(shown, findings)[:MOST_OLD]:
        yield from _told(cause, words)


def _missing(findings: Findings, words: Words) -> list[str]:
    """Return what MetaStudio did not answer; empty if it answered all."""
    if findings.audit and findings.log:
        return []
    if findings.audit:
        said = words("details-no-log")
    elif findings.log:
        said = words("details-no-audit")
    else:
        said = words("details-neither")
    return [job_card.sentences([said, words("details-again")], words)]
