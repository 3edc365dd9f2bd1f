"""In which language a message is: what was chosen, what Slack tells, and what the operator set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.deliver.languages import Languages
from bot.domain.destinations import with_language
from bot.domain.keys import Address
from bot.domain.languages import Language, of_locale
from bot.domain.records import Records
from bot.messages.texts import words_in
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import BOT_TOKEN, SlackWorkspace
from bot.slack.clients import web_client
from bot.slack.people import People
from bot.store import Store, open_store
from tests.store.faulty import FaultyStore

TEAM, BOB = "T1", "U0BOB"
HERE = Address(TEAM, "C1")
EN, ZH = Language.EN, Language.ZH
SHORT = 0.05


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with SlackWorkspace(scopes=["chat:write", "users:read"], limits=None) as workspace:
        workspace.locales[BOB] = "ja-JP"
        yield workspace


@asynccontextmanager
async def languages(slack: SlackWorkspace, store: Store, **options: Any) -> AsyncIterator[Languages]:
    async with aiohttp.ClientSession() as session:
        client = web_client(session, slack.api_url, token=BOT_TOKEN, retry_handlers=[])
        yield Languages(store, People(client), EN, **options)


async def choose(store: Store, channel_id: str, language: Language) -> None:
    address = Address(TEAM, channel_id)
    await store.change([address], with_language(address, language))


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh-CN", ZH),
        ("zh-Hant-TW", ZH),
        ("zh", ZH),
        ("ZH_cn", ZH),
        ("en-GB", EN),
        ("ja-JP", None),
        ("", None),
    ],
)
def test_language_of_a_locale(locale: str, language: Language | None) -> None:
    """Its first part says it, in any spelling."""
    assert of_locale(locale) is language


async def test_language_of_a_person(slack: SlackWorkspace, path: Path) -> None:
    """What the person chose, what Slack tells, what the channel chose; Slack is not asked without need."""
    every = [*product((None, EN, ZH), repeat=3)]
    people = {f"U{number}": case for number, case in enumerate(every)}
    async with open_store(path) as store, languages(slack, store) as found:
        for language in (EN, ZH):
            await choose(store, f"C{language}", language)
        for user, (own, slacks, channels) in people.items():
            if own:
                await choose(store, user, own)
            slack.locales[user] = slacks or "ja-JP"
            assert await found.of_person(TEAM, user, f"C{channels}") is (own or slacks or channels or EN)
            assert await found.of_person(TEAM, user) is (own or slacks or EN)

    asked = [call.arguments["user"] for call in slack.calls]
    assert asked == [user for user, (own, *_) in people.items() if not own]


class HangingStore(FaultyStore):
    """A store that gives no answer."""

    async def get(self, _: Any) -> Records:
        """Wait for ever."""
        await asyncio.Event().wait()
        return Records()


@pytest.mark.parametrize("kind", [FaultyStore, HangingStore])
async def test_store_that_fails_is_left_out(slack: SlackWorkspace, path: Path, kind: Any) -> None:
    """Slack still tells a person's language."""
    async with open_store(path) as inner:
        await choose(inner, HERE.channel_id, ZH)
        async with languages(slack, kind(inner, lambda _: True), limit=SHORT) as found:
            slack.locales[BOB] = "zh-CN"
            assert await found.of_person(TEAM, BOB, HERE.channel_id) is ZH


@pytest.mark.parametrize("fault", [{"delay": 1000}, {"status": 503}, {"error": "missing_scope"}], ids=str)
async def test_slack_that_fails_is_left_out(slack: SlackWorkspace, path: Path, fault: dict[str, Any]) -> None:
    """A person reads what their channel reads."""
    async with open_store(path) as store, languages(slack, store, limit=SHORT) as found:
        await choose(store, HERE.channel_id, ZH)
        slack.fail("users.info", **fault)
        assert await found.of_person(TEAM, BOB, HERE.channel_id) is ZH


async def test_choice_of_a_person_is_kept_and_concerns_nothing_else(path: Path) -> None:
    """Nothing is counted for it, nothing is due, and it is there after a restart."""
    address = Address(TEAM, BOB)
    async with open_store(path) as store:
        await choose(store, BOB, ZH)
    async with open_store(path) as store:
        channel = await store.channel(address)
        assert (channel.destination.language, channel.followings) == (ZH, ())
        assert set(await store.counts()) == {0, None}


@pytest.mark.usefixtures("bot")
async def test_last_word_in_a_direct_message(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """It is in the reader's language, and comes even if they unsubscribed while the card was posted."""
    slack.locales[BOB] = "zh-CN"
    job_id, typed_in = metastudio.add_job(state="AUDITING")["job_id"], slack.add_channel("voices")
    await slack.command("/voicejob", f"subscribe {job_id} me", channel=typed_in, user=BOB)
    card = await slack.message_where(lambda message: message.channel == slack.direct_channel(BOB))
    await slack.command("/voicejob", f"unsubscribe {job_id} me", channel=typed_in, user=BOB)
    last = await slack.message_where(lambda message: message.ts == card.ts and message.edited)

    state = words_in(ZH)("state-AUDITING")
    assert (state in card.text, state in last.text) == (True, True)
