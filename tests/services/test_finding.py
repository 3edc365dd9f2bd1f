"""Finding the job that a person means: by its id or its voice's name, in as few requests as can be."""
# ruff: noqa: RUF001  full-width letters

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.job_names import Found, Wanted
from bot.errors import (
    BadUsage,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    UnreadableAnswer,
)
from bot.messages.blocks import literal
from bot.messages.job_card import DETAILS, SHOW, SUBSCRIBE
from bot.metastudio.client import MetaStudio
from bot.services.finding import Finder
from bot.simulators.metastudio.list import FilterMode
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import client_at
from tests.services.room import Room, buttons

NAMES = ["Morning News", "Evening  news", "ＮＥＷＳ 女声", "*Sport* & <more>", "emoji 🎤", "a_b ~c~ :x: > d"]


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[MetaStudio]:
    async with client_at(metastudio.url) as made:
        yield made


def add(metastudio: MetaStudioSimulator, *names: str) -> list[str]:
    """Add jobs, each of which changed after the ones before."""
    return [
        metastudio.add_job(voice_name=name, lastupdate_time=1_700_000_000 + number)["job_id"]
        for number, name in enumerate(names)
    ]


def names(found: Found) -> list[str | None]:
    return [job.voice_name for job in found.jobs]


BY_NAME: list[tuple[str, list[str]]] = [
    ("Morning News", NAMES[:1]),
    ("  morning\u3000NEWS ", NAMES[:1]),
    ("news", [NAMES[2], NAMES[1], NAMES[0]]),
    ("news 女", NAMES[2:3]),
    ("evening news", NAMES[1:2]),
    ("🎤", NAMES[4:5]),
    *(
        (literal(name).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"), [name])
        for name in NAMES
    ),
    ("nothing like it", []),
]


@pytest.mark.parametrize(("typed", "hits"), BY_NAME)
async def test_any_form_of_a_name(
    metastudio: MetaStudioSimulator, client: MetaStudio, typed: str, hits: list[str]
) -> None:
    """A part of it will do, in any case and width, with any blanks, and as it stands in a message."""
    add(metastudio, *NAMES)

    assert names(await Finder(client).find(typed)) == hits


@pytest.mark.parametrize(
    ("mode", "typed", "hits", "requests"),
    [
        ("exact", "News", ["News"], 1),
        ("exact", "new", ["Old News", "News"], 2),
        ("part", "News", ["Old News", "News"], 1),
        ("ignored", "news", ["Old News", "News"], 1),
        ("refused", "news", ["Old News", "News"], 2),
        ("part", "weather", [], 2),
    ],
)
async def test_the_filter_of_metastudio_is_used_and_not_trusted(
    metastudio: MetaStudioSimulator,
    client: MetaStudio,
    mode: FilterMode,
    typed: str,
    hits: list[str],
    requests: int,
) -> None:
    """Whatever a server makes of it, what was asked for is found, in two requests at most."""
    add(metastudio, "News", "Old News", "Sport")
    metastudio.filter_modes["voice_name"] = mode

    assert names(await Finder(client).find(typed)) == hits
    assert metastudio.requests_to("list") == requests


async def test_only_the_newest_are_searched(metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
    """Where the filter finds none, there are three pages at most; what was searched is told."""
    for number in range(310):
        metastudio.add_job(voice_name=f"Voice {number:03}", create_time=1_700_000_000 + number)
    metastudio.filter_modes["voice_name"] = "refused"
    old, new, similar = [await Finder(client).find(name) for name in ("voice 001", "voice 309", "Vioce 200")]

    assert (names(old), old.searched) == ([], 300)
    assert (names(new), new.nearest) == (["Voice 309"], ())
    assert similar.nearest[0].voice_name == "Voice 200"
    assert metastudio.requests_to("list") == 3 * 4


async def test_a_full_page_may_not_be_all(metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
    """Of more jobs of a name than a page has, it is told that there may be others."""
    for _ in range(101):
        metastudio.add_job(voice_name="News")
    found = await Finder(client).find("News")

    assert (len(found.jobs), found.searched, metastudio.requests_to("list")) == (100, 100, 1)


async def test_short_pages(metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
    """A server that gives fewer rows than it is asked for hides no job between its pages."""
    add(metastudio, *(f"Voice {number}" for number in range(25)))
    metastudio.filter_modes["voice_name"] = "part"
    first = {"count": 25, "jobs": [*metastudio.jobs.values()][:9]}
    metastudio.fail(Fault.error(400, "MSS.10000003"), on="list")
    metastudio.fail(Fault.raw(json.dumps(first).encode()), on="list")

    assert names(await Finder(client).find("voice 12")) == ["Voice 12"]


GUESS = BadUsage("hepl", meant="help")
WORD, CERTAIN, MISTYPED = Wanted("hepl", "hepl"), Wanted("hepl"), Wanted("hepl", "hepl", GUESS)
NOT_THERE, REFUSED = Fault.error(404, "MSS.41000003"), Fault.error(400, "MSS.10000003")
FORBIDDEN, DOWN = Fault.error(403, "APIGW.0302"), Fault.error(500, "APIGW.0601")
ENDS: dict[str, tuple[Wanted, Fault | None, Fault | None, Any]] = {
    "an id": (WORD, None, None, "the id"),
    "no id": (WORD, NOT_THERE, None, "Hepl"),
    "a refused id": (WORD, REFUSED, None, "Hepl"),
    "an id for sure": (CERTAIN, NOT_THERE, None, JobNotFound),
    "refused for sure": (CERTAIN, REFUSED, None, RequestRefused),
    "an unreadable job": (WORD, Fault.empty(), None, UnreadableAnswer),
    "a fault of the list": (WORD, NOT_THERE, DOWN, ServiceDown),
    "may not list": (WORD, NOT_THERE, FORBIDDEN, PermissionDenied),
    "mistyped, and found": (MISTYPED, NOT_THERE, None, "Hepl"),
    "mistyped, and not found": (Wanted("lisa", "lisa", GUESS), NOT_THERE, None, BadUsage),
    "mistyped, an unreadable job": (MISTYPED, Fault.empty(), None, BadUsage),
    "mistyped, may not look": (MISTYPED, FORBIDDEN, None, BadUsage),
    "mistyped, a fault of the list": (MISTYPED, NOT_THERE, DOWN, BadUsage),
}


@pytest.mark.parametrize(("wanted", "show", "listing", "end"), ENDS.values(), ids=ENDS)
async def test_a_word_that_may_be_an_id(
    metastudio: MetaStudioSimulator,
    client: MetaStudio,
    wanted: Wanted,
    show: Fault | None,
    listing: Fault | None,
    end: Any,
) -> None:
    """It is tried as one first, then as a name; a mistyped command stays one whatever goes wrong."""
    add(metastudio, "Hepl")
    metastudio.add_job(job_id="hepl", voice_name="the id")
    for fault, on in ((show, "show"), (listing, "list")):
        if fault:
            metastudio.fail(fault, times=9, on=on)  # type: ignore[arg-type]

    async def by_id(job_id: str) -> str | None:
        return (await client.job(job_id)).voice_name

    async def by_name(found: Found) -> str | None:
        return found.jobs[0].voice_name

    asked = Finder(client).act(wanted, on_id=by_id, on_one=by_name, on_several=str)
    if isinstance(end, str):
        assert await asked == end
    else:
        with pytest.raises((MetaStudioError, BadUsage)) as raised:
            await asked
        assert type(raised.value) is end


async def test_a_guess_that_finds_something_may_still_fail(
    metastudio: MetaStudioSimulator, client: MetaStudio
) -> None:
    """What goes wrong with the job that was found is told, and no other command offered."""
    add(metastudio, "hepl me")

    async def fails(_: object) -> str:
        raise ServiceDown

    with pytest.raises(ServiceDown):
        await Finder(client).act(Wanted("", "hepl", GUESS), on_id=fails, on_one=fails, on_several=str)


async def test_requests_of_a_look_up(room: Room) -> None:
    """By id it costs one request, by name two where the filter works, with details two more."""
    for typed, requests in (
        (room.job_id, ["show"]),
        ("女声", ["list"]),
        (f"details {room.job_id}", ["show", "audit", "op-logs"]),
    ):
        room.metastudio.requests.clear()
        assert "女声" in (await room.ask(typed)).text
        for api in ("show", "list", "audit", "op-logs"):
            asked = room.metastudio.requests_to(api)
            assert asked == requests.count(api), (typed, api)


async def test_several_with_a_name(room: Room) -> None:
    """A list has the newest first, with a button for each that does what was typed, and Show."""
    jobs = add(room.metastudio, *(f"News {number}" for number in range(12)))
    shown = await room.ask("news")
    cards = [await room.press(shown, SHOW)]
    explained = await room.press(await room.ask("details NEWS"), DETAILS)
    subscribed = await room.press(await room.ask("subscribe news all"), "subscription_start_all")

    assert "12 jobs match `news`" in shown.text
    assert "2 more" in shown.text
    assert shown.text.index(jobs[11]) < shown.text.index(jobs[2])
    assert [job in shown.text for job in jobs[:3]] == [False, False, True]
    assert [jobs[11] in each.text for each in (*cards, explained)] == [True, True]
    assert SUBSCRIBE in buttons(cards[0])
    assert "Posting every update" in subscribed.text


async def test_unsubscribing_by_name(room: Room) -> None:
    """Only what is followed here is searched, without a request; nothing else is said to be followed."""
    add(room.metastudio, "Other voice")
    await room.subscribe()
    room.metastudio.requests.clear()
    wrong = await room.ask("unsubscribe other voice")
    near = await room.ask("unsubscribe 女生")
    meant = await room.ask("unsubscribe foo al")
    ended = await room.ask("unsubscribe 女")

    assert "Nothing called `other voice` is followed here. `/voicejob list`" in wrong.text
    assert ["女声" in each.text for each in (near, ended)] == [True, True]
    assert "Did you mean `/voicejob unsubscribe foo`?" in meant.text
    assert "Updates on “女声” stopped" in ended.text
    assert room.metastudio.requests_to("list") == 0


async def test_one_of_which_there_may_be_others(room: Room) -> None:
    """Where not all jobs were searched, its card says so, and it is not subscribed without a press."""
    room.metastudio.filter_modes["voice_name"] = "refused"
    for number in range(310):
        room.metastudio.add_job(voice_name=f"Voice {number}", create_time=1_700_000_000 + number)
    shown = await room.ask("voice 309")
    explained = await room.ask("details voice 309")
    asked = await room.ask("subscribe voice 309")
    subscribed = await room.press(asked, SUBSCRIBE)

    said = "Only the newest 300 jobs were searched."
    for each in (shown, explained, asked):
        assert said in each.text
        assert said in str(each.blocks)
    assert "One job matches `voice 309`. Is it this one?" in asked.text
    assert "Following “Voice 309”" in subscribed.text
