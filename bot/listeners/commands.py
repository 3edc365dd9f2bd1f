"""The slash command: reading what was typed, and answering wrong usage in the acknowledgement itself."""

import re
from difflib import get_close_matches
from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot import cards
from bot.errors import BadUsage
from bot.jobs import UUID, job_id_from, unquoted
from bot.listeners.answers import Answers, ephemeral

_SLACK_LINK: Final = re.compile(r"<https?://[^<>]*>")
"""How Slack writes a pasted link, whose label may have blanks."""

VERBS: Final = ("help",)
"""Words that are no job ids. A job that is called so can be looked up in quotes."""


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
    is_quoted = bare != text.strip()
    if not bare or (bare.lower() in VERBS and not is_quoted):
        return None
    if meant := _meant(bare) if not is_quoted or " " in bare else "":
        raise BadUsage(text, meant=meant)
    return job_id_from(bare)


def _meant(bare: str) -> str:
    """Guess what was meant by words that are neither a verb nor a job id; empty where they may be one."""
    if _SLACK_LINK.fullmatch(bare):
        return ""
    words = bare.split()
    if len(words) > 1 and len(ids := UUID.findall(bare)) == 1:
        return str(ids[0])
    close = get_close_matches(words[0].lower(), VERBS, n=1, cutoff=0.7)
    return close[0] if close and words[0].isalpha() else ""
