"""The slash command: reading what was typed, and answering wrong usage in the acknowledgement itself."""

import re
from difflib import get_close_matches
from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot import cards
from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.jobs import UUID, job_id_from, unquoted
from bot.listeners.answers import Answers, ephemeral

_SLACK_LINK: Final = re.compile(r"<https?://[^<>]*>")
"""How Slack writes a pasted link, whose label may have blanks."""

VERBS: Final = ("help",)
"""Words that are no job ids. A job that is called so can be looked up in quotes."""
HELP: Final = frozenset({"help", "h", "?", "？", "帮助"})  # noqa: RUF001  from Chinese keyboards


async def voicejob(ack: AsyncAck, command: dict[str, Any], answers: Answers) -> None:
    """Answer ``/voicejob``: help and wrong usage at once, a look-up as soon as MetaStudio has answered."""
    name = command["command"]
    try:
        job_id = parse(command.get("text") or "")
    except BadUsage as error:
        await ack(**ephemeral(cards.usage(error, name)))
        return
    if job_id is None:
        await ack(**ephemeral(cards.help(name)))
        return
    await ack()
    answers.look_up(job_id, command["response_url"])


def parse(text: str) -> str | None:
    """Read what follows the command: a job id, or None where a person asks for help.

    Raises BadUsage, with what they may have meant if that can be guessed.
    """
    bare = unquoted(text)
    is_quoted = len(bare) < len(text.strip())
    if not bare or (not is_quoted and bare.lower().strip("-!") in HELP):
        return None
    words = bare.split()
    if _SLACK_LINK.fullmatch(bare) or len(words) == 1:
        return _one_word(bare, is_quoted=is_quoted)
    return _one_job_among(words, bare)


def _one_word(bare: str, *, is_quoted: bool) -> str:
    typo = get_close_matches(bare.lower(), VERBS, n=1, cutoff=0.7)
    if typo and bare.isalpha() and not is_quoted:
        raise BadUsage(bare, meant=typo[0])
    ids: set[str] = set(UUID.findall(bare))
    # A full stop, brackets or words without a blank around an id do no harm.
    return ids.pop() if len(ids) == 1 and "://" not in bare else job_id_from(bare)


def _one_job_among(words: list[str], bare: str) -> str:
    """Find the one job id among several words; after what may be meant as a command, ask."""
    ids: set[str] = set(UUID.findall(bare))
    if len(ids) > 1:
        raise SeveralJobIds(bare)
    if not ids:
        typo = get_close_matches(words[0].lower(), VERBS, n=1, cutoff=0.7)
        raise NoJobId(bare, meant=typo[0] if typo else "")
    job_id = ids.pop()
    if words[0].isascii() and words[0].isalpha():
        raise BadUsage(words[0], meant=job_id)
    return job_id
