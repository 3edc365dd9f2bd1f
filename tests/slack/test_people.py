"""What the bot learns of people's languages, and how often it asks Slack for them."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.domain.languages import Language
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN, SlackWorkspace
from bot.slack import people
from bot.slack.clients import web_client
from bot.slack.people import AT_ONCE, DAY, PAUSE, People
from tests.support import Clock, log_text

BOB, GUEST = "U0BOB", "U0GUEST"
METHOD = "users.info"


@asynccontextmanager
async def asking(
    clock: Clock, scopes: Collection[str] = ("users:read",), **options: Any
) -> AsyncIterator[tuple[SlackWorkspace, People]]:
    """Give a workspace, in which Bob reads Chinese, and what asks it about its people."""
    async with SlackWorkspace(scopes=scopes, limits=None) as slack, aiohttp.ClientSession() as session:
        slack.locales[BOB] = "zh-TW"
        slack.invisible.add(GUEST)
        client = web_client(session, slack.api_url, token=BOT_TOKEN, retry_handlers=[])
        yield slack, People(client, clock=lambda: clock.now, **options)


def asked(slack: SlackWorkspace) -> list[str]:
    return [call.arguments["user"] for call in slack.calls]


async def test_a_person_is_asked_about_once_a_day(clock: Clock) -> None:
    """Whatever Slack answers: English or Chinese, another language, or nothing of an outsider."""
    async with asking(clock) as (slack, who):
        slack.locales["U0CARLA"] = "pt-BR"
        languages = {ALICE: Language.EN, BOB: Language.ZH, "U0CARLA": None, GUEST: None, "": None}
        for _ in range(2):
            assert {user: await who.locale(user) for user in languages} == languages
        slack.locales[ALICE] = "zh-CN"
        clock.now += DAY - 1
        assert await who.locale(ALICE) is Language.EN
        clock.now += 1
        assert await who.locale(ALICE) is Language.ZH

    assert asked(slack) == [ALICE, BOB, "U0CARLA", GUEST, ALICE]


async def test_questions_about_one_person_are_shared(clock: Clock) -> None:
    """Those who come meanwhile wait for the same answer; who gives up leaves it to the next one."""
    async with asking(clock) as (slack, who):
        slack.fail(METHOD, delay=0.2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await who.locale(BOB)
        assert await asyncio.gather(*(who.locale(BOB) for _ in range(5))) == [Language.ZH] * 5
        assert await who.locale(BOB) is Language.ZH

    assert asked(slack) == [BOB]


@pytest.mark.parametrize(
    ("fault", "others_wait", "seconds"),
    [
        ({"error": "internal_error"}, False, PAUSE),
        ({"error": "token_revoked"}, False, PAUSE),
        ({"error": "user_not_found"}, False, DAY),
        ({"status": 502, "body": "<html>"}, False, PAUSE),
        ({"body": '{"ok": true}'}, False, PAUSE),
        ({"body": '{"ok": true, "user": "U0BOB"}'}, False, DAY),
        ({"body": '{"ok": true, "user": {"locale": ["zh"]}}'}, False, DAY),
        ({"retry_after": 7}, True, 7),
        ({"error": "not_allowed_token_type"}, True, DAY),
    ],
    ids=str,
)
async def test_after_a_failure_slack_is_left_alone(
    clock: Clock, fault: dict[str, Any], seconds: float, *, others_wait: bool
) -> None:
    """For a while about this person, or about everybody, if it is about the bot or its pace."""
    async with asking(clock) as (slack, who):
        slack.fail(METHOD, **fault)
        assert await who.locale(BOB) is None
        assert await who.locale(ALICE) is (None if others_wait else Language.EN)
        clock.now += seconds - 1
        assert await who.locale(BOB) is None
        clock.now += 1
        assert await who.locale(BOB) is Language.ZH

    assert asked(slack).count(BOB) == 2


async def test_what_was_known_counts_until_slack_answers_again(clock: Clock) -> None:
    """A failure takes no language away."""
    async with asking(clock) as (slack, who):
        assert await who.locale(BOB) is Language.ZH
        clock.now += DAY
        slack.fail(METHOD, retry_after=60)
        assert [await who.locale(BOB) for _ in range(2)] == [Language.ZH] * 2

    assert asked(slack) == [BOB] * 2


async def test_without_the_scope_it_is_asked_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """About nobody else until the next day, and the log says it in one line, which is no warning."""
    caplog.set_level("INFO")
    async with asking(clock, ["chat:write"]) as (slack, who):
        assert {await who.locale(user) for user in (ALICE, BOB, ALICE)} == {None}
        clock.now += DAY
        assert await who.locale(BOB) is None

    assert asked(slack) == [ALICE, BOB]
    ours = [record for record in caplog.records if record.name == people.__name__]
    assert [record.levelname for record in ours] == ["INFO"]
    assert "missing_scope" in log_text(caplog)


async def test_many_people_at_once(clock: Clock) -> None:
    """They take a few connections, and leave the others to messages; who is next hears of a refusal."""
    everybody = [f"U{number}" for number in range(3 * AT_ONCE)]
    async with asking(clock, ["chat:write"]) as (slack, who):
        assert await asyncio.gather(*map(who.locale, everybody)) == [None] * len(everybody)

    assert asked(slack) == everybody[:AT_ONCE]


async def test_the_oldest_answers_are_forgotten(clock: Clock) -> None:
    """So many people are remembered, and no more."""
    async with asking(clock, most=2) as (slack, who):
        await who.locale(ALICE)
        slack.fail(METHOD, status=503)
        await who.locale(BOB)
        clock.now += PAUSE
        for user in (BOB, ALICE, GUEST, BOB, ALICE):
            await who.locale(user)

    assert asked(slack) == [ALICE, BOB, BOB, GUEST, ALICE]
