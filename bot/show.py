"""``voicejob show``: one job in the terminal."""

import asyncio
import json
import time
from typing import Any

import typer

from bot.app import metastudio_from
from bot.config import MetaStudioSettings
from bot.domain.job_ids import job_id_from
from bot.domain.jobs import Job, without_personal_fields
from bot.domain.languages import Language
from bot.errors import BadSettings, BadUsage, MetaStudioError
from bot.messages import job_card, terminal
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.facts import facts
from bot.messages.texts import words_in
from bot.network import variables
from bot.network.trust import certificate_fault
from bot.process.console import console, print_aside


def show(text: str, *, as_json: bool, language: Language | None, is_verbose: bool) -> None:
    """Look up the job that a text names, and print it.

    Where there is none, the sentence is in that language, by default the one that is set, and SystemExit is
    raised. Raises BadSettings.
    """
    reading = MetaStudioSettings.read()
    settings = reading.settings
    language = language or settings.voicejob_language
    try:
        job_id = job_id_from(text)
        if problems := [*reading.problems, *variables.problems()]:
            raise BadSettings(problems, hint=reading.hint)
        answer = asyncio.run(_answer(settings, job_id))
    except (BadUsage, MetaStudioError) as error:
        _explain(error, language, is_verbose=is_verbose)
        raise SystemExit(error.exit_code) from None
    if as_json:
        # In ASCII: what comes from outside can neither break the output nor command the terminal.
        typer.echo(json.dumps(without_personal_fields(answer), indent=2))
        return
    job, context = Job.from_api(answer | {"job_id": job_id}), _context(settings, language)
    now = int(time.time())
    card = job_card.card(job, [], context, now=now)
    blocks = [*card.blocks, *facts(job, context)]
    console().print(terminal.draw(blocks, language, now=now))


async def _answer(settings: MetaStudioSettings, job_id: str) -> dict[str, Any]:
    async with metastudio_from(settings) as metastudio:
        return await metastudio.answer(job_id)


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
