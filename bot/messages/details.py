"""PURE. What a job's card does not show: facts that nobody needs in order to act, and what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.messages.blocks import VALUE_LIMIT, Block, code, cut, date, literal, section
from bot.messages.context import MessageContext
from bot.messages.texts import Words

MEASURES: Final = ("speed", "sound", "snr", "reverb", "dnsmos_ovrl", "dnsmos_bak")
"""The keys of ``assess_result`` (the official SDK's AssessResult)."""
SUGGESTIONS: Final = {Language.EN: "suggestion_en", Language.ZH: "suggestion"}
"""Where a measure has MetaStudio's suggestion, by its language."""


def details(shown: Job, context: MessageContext) -> list[Block]:
    """Return one fact a line, and then one measure a line; what is absent is left out."""
    words, times = context.words, shown.reject_times or 0
    facts = [
        ("edition", _translated("edition", shown.job_type, words)),
        ("language", _translated("speech", shown.language, words)),
        ("gender", _translated("gender", shown.sex, words)),
        ("use", _translated("use", shown.tag, words)),
        ("recordings", _translated("supply", shown.create_type, words)),
        ("created", _moment(shown.create_time, words)),
        ("since", _moment(shown.lastupdate_time, words)),
        ("times", cut(str(times), VALUE_LIMIT) if times > 1 else None),
        ("batch", _literal_if_any(shown.batch_name)),
        ("asset", _code_if_any(shown.asset_id)),
        ("avatar", _code_if_any(shown.dhtms_job_id)),
        ("region", code(context.region)),
    ]
    lines = [words("fact", label=words(f"fact-{name}"), value=value) for name, value in facts if value]
    return [section("\n".join(each)) for each in (lines, [*_measures(shown, words)]) if each]


def _measures(shown: Job, words: Words) -> Iterator[str]:
    """Yield what was measured in the recordings: as it came, since no page states units or ranges."""
    for name in MEASURES:
        found = (shown.assess_result or {}).get(name)
        measure = found if isinstance(found, Mapping) else {}
        said = _said(measure, "actual")
        if said and (expected := _said(measure, "expected")):
            said = words("measured", actual=said, expected=expected)
        if said and (suggestion := _said(measure, SUGGESTIONS[words.language])):
            said = words("measured-badly", measured=said, suggestion=suggestion)
        if said:
            yield words("fact", label=words(f"measure-{name}"), value=said)


def _said(measure: Mapping[str, Any], name: str) -> str:
    value = measure.get(name)
    return literal(str(value)) if isinstance(value, str | int | float) else ""


def _translated(kind: str, value: str | None, words: Words) -> str | None:
    """Return the words for one of MetaStudio's values; one that is not known is shown as it came."""
    return words.known(kind, value) or _code_if_any(value)


def _code_if_any(value: str | None) -> str | None:
    return code(value) if value else None


def _literal_if_any(value: str | None) -> str | None:
    return literal(value) if value else None


def _moment(epoch: int | None, words: Words) -> str | None:
    return date(epoch, words("moment")) if epoch else None
