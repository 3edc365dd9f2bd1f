"""PURE. What a job's card does not show: facts that nobody needs in order to act, and what was measured."""

import re
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

_BOUND: Final = re.compile(r"([<>]=)\s*(?=\S)")
_SIGNS: Final = {">=": "≥ ", "<=": "≤ "}
"""Bounds as they are typed, and as they are read: a ``>`` at the beginning would become another sign."""


def facts(shown: Job, context: MessageContext) -> list[Block]:
    """Return one fact a line, and then one measure a line; what is absent is left out."""
    return [
        section("\n".join(each))
        for each in (fact_lines(shown, context), [*_measures(shown, context.words)])
        if each
    ]


def fact_lines(shown: Job, context: MessageContext) -> list[str]:
    """Return one fact a line, in mrkdwn."""
    words, times = context.words, shown.reject_times or 0
    named = [
        ("edition", _translated("edition", shown.job_type, words)),
        ("language", _translated("speech", shown.language, words)),
        ("gender", _translated("gender", shown.sex, words)),
        ("use", _translated("use", shown.tag, words)),
        ("recordings", _translated("supply", shown.create_type, words)),
        ("created", _moment(shown.create_time, words)),
        ("since", _moment(shown.lastupdate_time, words)),
        ("times", cut(str(times), VALUE_LIMIT) if times > 1 else None),
        ("resource", _resource(shown, words)),
        ("batch", _literal_if_any(shown.batch_name)),
        ("asset", _code_if_any(shown.asset_id)),
        ("avatar", _code_if_any(shown.dhtms_job_id)),
        ("region", code(context.region)),
    ]
    return [_fact(words(f"fact-{name}"), value, words) for name, value in named if value]


def _fact(label: str, value: str, words: Words) -> str:
    # Slack sees no code span right behind a full-width colon.
    return words("fact-as-code" if value.startswith("`") else "fact", label=label, value=value)


def measures_out_of_range(shown: Job, words: Words) -> list[str]:
    """Return the measures of which MetaStudio suggests a better value, one a line."""
    return [*_measures(shown, words, is_bad=True)]


def _measures(shown: Job, words: Words, *, is_bad: bool = False) -> Iterator[str]:
    """Yield what was measured in the recordings: as it came, since no page states units or ranges.

    Nor does one say which ``status`` is bad: a measure with a suggestion is, see ``is_bad``.
    """
    for name in MEASURES:
        found = (shown.assess_result or {}).get(name)
        measure = found if isinstance(found, Mapping) else {}
        said = _said(measure, "actual")
        if said and (expected := _said(measure, "expected")):
            said = words("measured", actual=said, expected=expected)
        suggestion = _suggestion(measure, words.language)
        if suggestion:
            said = words("measured-badly", measured=said, suggestion=suggestion) if said else suggestion
        if said and (suggestion or not is_bad):
            yield words("fact", label=words(f"measure-{name}"), value=said)


def bad_measures(shown: Job) -> list[str]:
    """Return the keys of the measures that are out of range."""
    found = shown.assess_result or {}
    return [name for name in MEASURES if _suggestion(found.get(name), Language.EN)]


def _suggestion(measure: Any, language: Language) -> str:
    """Return MetaStudio's suggestion in a language, or else in the other one."""
    if not isinstance(measure, Mapping):
        return ""
    return _said(measure, SUGGESTIONS[language]) or next(
        filter(None, (_said(measure, name) for name in SUGGESTIONS.values())), ""
    )


def _said(measure: Mapping[str, Any], name: str) -> str:
    value = measure.get(name)
    text = _BOUND.sub(lambda found: _SIGNS[found[1]], str(value))
    return literal(text) if isinstance(value, str | int | float) else ""


def _resource(shown: Job, words: Words) -> str | None:
    """Return the resource that the job uses, and until when it may be used."""
    allocated = shown.allocated_resource or {}
    name, until = _said(allocated, "resource_id"), _said(allocated, "expire_time")
    if not name:
        return None
    return words("resource-until", name=name, until=until) if until else name


def _translated(kind: str, value: str | None, words: Words) -> str | None:
    """Return the words for one of MetaStudio's values; one that is not known is shown as it came."""
    return words.known(kind, value) or _code_if_any(value)


def _code_if_any(value: str | None) -> str | None:
    return code(value) if value else None


def _literal_if_any(value: str | None) -> str | None:
    return literal(value) if value else None


def _moment(epoch: int | None, words: Words) -> str | None:
    return date(epoch, words("moment")) if epoch else None
