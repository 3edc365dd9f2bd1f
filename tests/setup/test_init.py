"""``voicejob init``, as a person meets it: in a terminal, between the simulators."""

from pathlib import Path

import pytest

from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from tests.setup.person import CTRL_C, CTRL_D, Person, at_a_terminal
from tests.store.test_store_faults import largest_file
from tests.test_cli import environment, voicejob

AGAIN = "Try again?"
CONSOLE = "VOICEJOB_CONSOLE_URL"
ZONE = "VOICEJOB_TIMEZONE"
NO_TEXT = "a\udcff"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def servers(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> dict[str, str]:
    """Return the environment in which the simulators are Slack and MetaStudio."""
    return {"SLACK_API_URL": slack.api_url, "METASTUDIO_ENDPOINT": metastudio.url}


def write_env(*lines: str, mode: int = 0o644) -> None:
    Path(".env").write_text("".join(f"{line}\n" for line in lines))
    Path(".env").chmod(mode)


def env() -> list[str]:
    """Return the lines of .env, which only its owner may read, and which has nothing beside it."""
    assert [path.name for path in Path().iterdir()] == [".env"]
    assert Path(".env").stat().st_mode & 0o777 == 0o600
    return Path(".env").read_text().splitlines()


async def answer_all(person: Person, *answers: tuple[str, str]) -> None:
    """Answer one prompt after the other."""
    for prompt, text in answers:
        await person.answers(prompt, text)


async def test_a_first_time(servers: dict[str, str]) -> None:
    """Each answer is tried at once and may be mended; what is written works, and no secret was shown."""
    async with at_a_terminal("init", settings=servers) as person:
        await answer_all(person, ("1 or 2", "foo"))
        assert "“foo” can't be the answer: type 1 or 2." in await person.answers("1 or 2", "")
        assert "OAuth & Permissions" in await person.answers("SLACK_BOT_TOKEN", "xapp-other")
        assert "must begin with xoxb-" in await person.answers("SLACK_BOT_TOKEN", "xoxb-of-another-app")
        refused = await person.answers(AGAIN)
        assert ("invalid_auth" in refused, "Slack scopes" in refused) == (True, False)
        assert "OAuth & Permissions" not in await person.answers("SLACK_BOT_TOKEN", f' "{BOT_TOKEN}" ')
        assert "workspace “voicejob”" in await person.answers("SLACK_APP_TOKEN", APP_TOKEN)
        await answer_all(person, ("METASTUDIO_REGION", ""), ("HUAWEICLOUD_SDK_PROJECT_ID", "cn-north-4"))
        assert "looks like the project's name" in await person.answers("HUAWEICLOUD_SDK_AK", ACCESS_KEY)
        await person.answers("HUAWEICLOUD_SDK_SK", "HUSHWRONG")
        assert "refuses the access key" in await person.answers(AGAIN, "y")
        await answer_all(person, ("METASTUDIO_REGION", ""), ("HUAWEICLOUD_SDK_PROJECT_ID", PROJECT_ID))
        await answer_all(person, ("HUAWEICLOUD_SDK_AK", ""), ("HUAWEICLOUD_SDK_SK", SECRET_KEY))
        assert "the list is empty" in await person.answers("VOICEJOB_LANGUAGE", "zh")
        assert "Reminders come from Monday" in await person.answers(ZONE, "Asia/Beijing")
        assert "must be the name of a time zone" in await person.answers(ZONE, "Asia/Shanghai")
        assert "“Open console”" in await person.answers(CONSOLE, "https://x/jobs")
        assert "must hold {job_id}" in await person.answers(CONSOLE, "https://x/{job_id}")
        await person.sees("Written to")
        await person.sees("`voicejob run` starts the bot.")
        code = await person.sees_the_end()
    checked = await voicejob("check", **servers, PORT="0", VOICEJOB_HOST="127.0.0.1")

    assert (code, checked.code) == (0, 0), checked.out
    secrets = (BOT_TOKEN, APP_TOKEN, ACCESS_KEY, SECRET_KEY, "HUSHWRONG", "another-app")
    assert [secret for secret in secrets if secret in person.seen] == []
    assert env() == [
        f"SLACK_BOT_TOKEN={BOT_TOKEN}",
        f"SLACK_APP_TOKEN={APP_TOKEN}",
        "METASTUDIO_REGION=cn-north-4",
        f"HUAWEICLOUD_SDK_PROJECT_ID={PROJECT_ID}",
        f"HUAWEICLOUD_SDK_AK={ACCESS_KEY}",
        f"HUAWEICLOUD_SDK_SK={SECRET_KEY}",
        "VOICEJOB_LANGUAGE=zh",
        f"{ZONE}=Asia/Shanghai",
        f"{CONSOLE}='https://x/{{job_id}}'",
    ]


async def test_another_time_without_a_network(servers: dict[str, str]) -> None:
    """What is there is kept by Enter, its comments too; what can't be tried now, on request."""
    write_env("# ours", f"SLACK_BOT_TOKEN={BOT_TOKEN} # bot", "SLACK_APP_TOKEN=xapp-1", "ODD='a b'")
    settings = servers | {"SLACK_API_URL": NOWHERE, "METASTUDIO_AUTH_TOKEN": "MIIHUSH"}
    settings |= {"HUAWEICLOUD_SDK_PROJECT_ID": PROJECT_ID, "VOICEJOB_STORE": "/nowhere/store"}
    async with at_a_terminal("init", settings=settings) as person:
        await answer_all(person, ("1 or 2", "2"), ("SLACK_BOT_TOKEN", ""), (AGAIN, "n"))
        await answer_all(person, ("SLACK_SIGNING_SECRET", SIGNING_SECRET))
        await person.sees("A sign-in without an access key is set already, and kept.")
        await person.sees("HUAWEICLOUD_SDK_PROJECT_ID: set in the environment")
        await person.answers("METASTUDIO_REGION")
        assert "refuses the token" in await person.answers(AGAIN, "n")
        await answer_all(person, ("VOICEJOB_LANGUAGE", ""), (ZONE, ""), (CONSOLE, ""))
        await person.sees("VOICEJOB_STORE: set in the environment")
        await person.sees("SLACK_APP_TOKEN (switched off), SLACK_SIGNING_SECRET, METASTUDIO_REGION")
        await person.sees("did not work: Slack bot token, MetaStudio credentials, store. Next: fix that")
        code = await person.sees_the_end()

    assert code == 0
    kept = ["# ours", f"SLACK_BOT_TOKEN={BOT_TOKEN} # bot", "SLACK_APP_TOKEN=", "ODD='a b'"]
    new = [
        f"SLACK_SIGNING_SECRET={SIGNING_SECRET}",
        "METASTUDIO_REGION=cn-north-4",
        "VOICEJOB_LANGUAGE=en",
        f"{ZONE}=UTC",
    ]
    assert env() == kept + new


async def test_a_store_that_can_t_be_written() -> None:
    """Only then its place is asked for. What is no text is refused; what was left out is told at the end."""
    old = ["CLOUD_SDK_AK=AK", "VOICEJOB_PORT=80"]
    write_env("VOICEJOB_STORE=/nowhere/store", *old)
    async with at_a_terminal("init") as person:
        await answer_all(person, ("1 or 2", ""), ("SLACK_BOT_TOKEN", NO_TEXT))
        assert "has a character that can't be" in await person.answers("SLACK_BOT_TOKEN")
        assert "Not tried. Missing or wrong: SLACK_BOT_TOKEN." in await person.answers("SLACK_APP_TOKEN")
        await person.answers("METASTUDIO_REGION", NO_TEXT)
        assert "has a character that can't be" in await person.answers("METASTUDIO_REGION")
        await answer_all(person, ("HUAWEICLOUD_SDK_PROJECT_ID", ""), ("HUAWEICLOUD_SDK_AK", ""))
        await answer_all(
            person, ("HUAWEICLOUD_SDK_SK", ""), ("VOICEJOB_LANGUAGE", ""), (ZONE, ""), (CONSOLE, "")
        )
        await person.answers(AGAIN, "perhaps")
        assert "“perhaps” can't be the answer: type y or n." in await person.answers(AGAIN, "yes")
        assert "The file for subscriptions" in await person.answers("VOICEJOB_STORE", "a b.sqlite")
        await person.sees("did you mean PORT?")
        await person.sees("Still missing or wrong: HUAWEICLOUD_SDK_PROJECT_ID: not set")
        code = await person.sees_the_end()

    new = ["METASTUDIO_REGION=cn-north-4", "VOICEJOB_LANGUAGE=en", f"{ZONE}=UTC"]
    assert (code, env()) == (0, ["VOICEJOB_STORE='a b.sqlite'", *old, *new])


@pytest.mark.parametrize(
    ("mode", "says"), [(0o600, "so it stays as it is"), (0o644, "and now only its owner")]
)
async def test_nothing_is_new(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, mode: int, says: str
) -> None:
    """What is all in the environment leaves no question; the file is closed to others all the same."""
    write_env("# ours", mode=mode)
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, METASTUDIO_REGION="cn-north-4")
    async with at_a_terminal(
        "init", settings=settings | {"VOICEJOB_LANGUAGE": "zh", ZONE: "UTC", CONSOLE: "https://x/{job_id}"}
    ) as person:
        await person.sees("There is nothing new to write to")
        await person.sees(says)
        code = await person.sees_the_end()

    assert (code, env()) == (0, ["# ours"])


async def test_all_is_set_and_the_disk_is_full(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """What is set in the environment is not asked for; what can't be written is told, and nothing is left."""
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, METASTUDIO_REGION="cn-north-4")
    with largest_file(1):
        async with at_a_terminal("init", settings=settings) as person:
            said = await person.answers("VOICEJOB_LANGUAGE")
            await answer_all(person, (ZONE, ""), (CONSOLE, ""))
            await person.sees(".env: could not be written (File too large). It is as it was.")
            code = await person.sees_the_end()

    assert (code, said.count("set in the environment"), [*Path().iterdir()]) == (1, 6, [])  # noqa: ASYNC240


@pytest.mark.parametrize(
    ("pressed", "ends_with", "prompt"),
    [(CTRL_C, 130, "1 or 2"), (CTRL_C, 130, "SLACK_BOT_TOKEN"), (CTRL_D, 1, "SLACK_BOT_TOKEN")],
)
async def test_giving_up(pressed: str, ends_with: int, prompt: str) -> None:
    """At a question whose answer is shown or hidden, the file stays as it was, and nothing is beside it."""
    write_env("METASTUDIO_REGION=a-1", mode=0o600)
    async with at_a_terminal("init") as person:
        await person.answers("1 or 2", "" if prompt != "1 or 2" else "x")
        await person.sees(prompt)
        await person.sees(": ")
        person.types(pressed)
        await person.sees("Nothing was written.")
        code = await person.sees_the_end()

    assert (code, env()) == (ends_with, ["METASTUDIO_REGION=a-1"])


@pytest.mark.parametrize(
    ("line", "settings", "says"),
    [
        ("METASTUDIO_REGION='a-1", {}, ".env, line 1: can't be read"),
        ("METASTUDIO_REGION=a-1", {"HTTPS_PROXY": "odd://it"}, "HTTPS_PROXY: can't be used"),
    ],
)
async def test_what_lets_nothing_be_tried(line: str, settings: dict[str, str], says: str) -> None:
    """Nothing is asked: what is wrong with .env, or with the way to the network, is told at once."""
    write_env(line, mode=0o600)
    async with at_a_terminal("init", settings=settings) as person:
        await person.sees(says)
        code = await person.sees_the_end()

    assert (code, "1 or 2" in person.seen, env()) == (2, False, [line])


async def test_without_a_terminal() -> None:
    """It refuses, and says what to do instead."""
    ended = await voicejob("init")

    assert (ended.code, ended.out) == (2, "")
    assert "it needs a terminal. Without one, write .env by hand: `voicejob docs settings`" in ended.err
