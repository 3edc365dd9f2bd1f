"""``voicejob show``: one job in the terminal, by its id or the name of its voice."""

import asyncio
import json
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import typer

from bot.app import metastudio_from
from bot.config import MetaStudioSettings
from bot.domain.findings import Findings
from bot.domain.job_ids import job_id_from
from bot.domain.job_names import Found, Wanted
from bot.domain.jobs import Job, without_addresses, without_personal_fields
from bot.domain.languages import Language
from bot.errors import BadSettings, BadUsage, JobNotFound, MetaStudioError
from bot.listeners.job_words import by_name, names_for_sure
from bot.messages import details, hits, job_card, terminal
from bot.messages.blocks import Block, Message
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.facts import facts
from bot.messages.texts import words_in
from bot.metastudio.client import LOOK_UP_SECONDS
from bot.network import variables
from bot.network.trust import certificate_fault
from bot.process.console import console, print_aside
from bot.services.finding import Finder


def show(
    text: str, *, as_json: bool, with_details: bool, language: Language | None, is_verbose: bool
) -> None:
    """Look up the job that a text names, and print it.

    Where there is none, or several, that is said in that language, by default the one that is set, and
    SystemExit is raised. Raises BadSettings.
    """
    reading = MetaStudioSettings.read()
    settings = reading.settings
    language = language or settings.voicejob_language
    try:
        wanted = _wanted(text)
        if problems := [*reading.problems, *variables.problems()]:
            raise BadSettings(problems, hint=reading.hint)
        found = asyncio.run(_found(settings, wanted, with_details=with_details))
    except (BadUsage, MetaStudioError) as error:
        _explain(error, language, is_verbose=is_verbose)
        raise SystemExit(error.exit_code) from None
    context, now = _context(settings, language), int(time.time())
    if isinstance(found, Found):
        listed = hits.hits(found, wanted.typed, context)
        console(stderr=True).print(terminal.draw(_without_buttons(listed), language, now=now))
        raise SystemExit(JobNotFound.exit_code)
    if as_json:
        # In ASCII: what comes from outside can neither break the output nor command the terminal.
        typer.echo(json.dumps(found.document, indent=2))
        return
    if found.why:
        blocks = _without_buttons(details.details(found.job, found.why, context, now=now))
    else:
        blocks = [*job_card.card(found.job, [], context, now=now).blocks, *facts(found.job, context)]
    console().print(terminal.draw(blocks, language, now=now))


def _without_buttons(message: Message) -> list[Block]:
    return [block for block in message.blocks if block["type"] != "actions"]


@dataclass(frozen=True)
class _Shown:
    """A job as MetaStudio sent it, and why it failed if that was asked for."""

    answer: dict[str, Any]
    job: Job
    why: Findings | None

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` prints: nothing personal, and beside what was asked for no address either."""
        if self.why is None:
            return without_personal_fields(self.answer)
        return without_addresses(without_personal_fields(self.answer)) | self.why.as_api()


def _wanted(text: str) -> Wanted:
    """Return the job that a text means. Raises BadUsage."""
    words = text.split()
    if not words or any(map(names_for_sure, words)):
        return Wanted(job_id_from(text))
    return by_name(words, text.strip())


async def _found(settings: MetaStudioSettings, wanted: Wanted, *, with_details: bool) -> _Shown | Found:
    """Look a job up. Raises MetaStudioError."""
    async with metastudio_from(settings) as metastudio:

        async def one(job_id: str) -> _Shown | Found:
            answer = await metastudio.answer(job_id)
            why = await metastudio.findings(job_id, seconds=LOOK_UP_SECONDS) if with_details else None
            return _Shown(answer, Job.from_api(answer | {"job_id": job_id}), why)

        async def named(found: Found) -> _Shown | Found:
            return await one(found.jobs[0].job_id or "")

        return await Finder(metastudio).act(
            wanted, on_id=one, on_one=named, on_several=partial(_several, wanted)
        )


def _several(wanted: Wanted, found: Found) -> Found:
    """Return the jobs that may be meant. Raises JobNotFound if there are none."""
    if not (found.jobs or found.nearest):
        raise JobNotFound(job_id=wanted.typed)
    return found


def _explain(error: BadUsage | MetaStudioError, language: Language, *, is_verbose: bool) -> None:
    print_aside(sentence(error, words_in(language)))
    if fault := certificate_fault(error):
        print_aside(f"MetaStudio can't be reached: {fault}")
    if is_verbose:
        print_aside(str(error))


def _context(settings: MetaStudioSettings, language: Language) -> MessageContext:
    return MessageContext(
        region=settings.metastudio_region,
        bot_name="",
        command="voicejob show",
        console_url=settings.console_url,
        words=words_in(language),
    )
