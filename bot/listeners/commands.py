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
HELP: Final = frozenset({"help", "h", "帮助"})
NOISE: Final = frozenset({"job", "id", "jobid", "voicejob"})
"""Words before an id that mean no command."""
_AROUND_WORDS: Final = "-/.,:;!?。，：；！？"  # noqa: RUF001  from Chinese keyboards


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
    word = bare.lower().strip(_AROUND_WORDS)
    if not word or (word in HELP and not is_quoted):
        return None
    if _SLACK_LINK.fullmatch(bare):
        return job_id_from(bare)
    ids = {found.lower(): found for found in UUID.findall(bare)}
    if len(ids) > 1 and "://" not in bare:
        raise SeveralJobIds(bare)
    job_id = next(iter(ids.values()), "")
    if len(bare.split()) == 1:
        return _one_word(bare, job_id, is_quoted=is_quoted)
    return _among_words(bare, job_id)


def _one_word(bare: str, job_id: str, *, is_quoted: bool) -> str:
    if bare.isalpha() and not is_quoted and (meant := _typo_of(bare)):
        raise BadUsage(bare, meant=meant)
    # Brackets, or words without a blank around an id, do no harm; a link has rules of its own.
    return job_id if job_id and "://" not in bare else job_id_from(bare)


def _among_words(bare: str, job_id: str) -> str:
    """Take the one job id among several words; after what may be meant as a command, ask."""
    first = bare.split(maxsplit=1)[0].strip(_AROUND_WORDS)
    if not job_id:
        raise NoJobId(bare, meant=_typo_of(first))
    if first.isascii() and first.isalpha() and first.lower() not in NOISE:
        raise BadUsage(first, meant=job_id)
    return job_id


def _typo_of(word: str) -> str:
    return next(iter(get_close_matches(word.lower(), VERBS, n=1, cutoff=0.7)), "")
