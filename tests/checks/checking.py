"""A check between the two stand-ins, and servers that it may meet instead of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp.web
from aiohttp.test_utils import RawTestServer

from bot.checks import check as checks
from bot.checks.item import Item
from bot.config import Reading
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from bot.simulators.world import settings_for
from tests.sign_ins import settings_of
from tests.test_cli import environment

BOT, SCOPES, APP, SOCKET = "Slack bot token", "Slack scopes", "Slack app token", "Socket Mode"
SIGNING_SECRET, ADDRESS, CLOCK = "Slack signing secret", "MetaStudio address", "clock"
SIGN_IN, PROJECT, JOBS = "MetaStudio credentials", "MetaStudio project", "MetaStudio jobs"
STORE, LISTENING = "store", "listening"
METASTUDIO, SLACK = (ADDRESS, CLOCK, SIGN_IN, PROJECT, JOBS), (BOT, SCOPES, APP, SOCKET)
NAMES = ["settings", *SLACK, *METASTUDIO, STORE, LISTENING]
OPEN = "apps.connections.open"
BY_USER = settings_of("IAM user")


@dataclass
class Checked:
    """What a check found."""

    items: list[Item]

    def __getitem__(self, name: str) -> Item:
        (found,) = [item for item in self.items if item.name == name]
        return found

    def names(self, *, ok: bool | None) -> set[str]:
        """Return the names of the items that are so."""
        return {item.name for item in self.items if item.ok is ok}

    def only_fails(self, *failed: str, untried: Collection[str] = ()) -> str:
        """See that these fail, and take with them those that need them; return what the first one says."""
        assert self.names(ok=False) == set(failed), self.items
        assert self.names(ok=None) == set(untried), self.items
        return self[failed[0]].says if failed else ""


@dataclass
class CheckSetup:
    """The two stand-ins, and the check between them."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    store: Path

    async def check(self, *, seconds: float = checks.SECONDS, **changes: Any) -> Checked:
        """Check with the right settings, but for changes; nothing that is secret is in what it says."""
        settings = settings_for(self.slack, self.metastudio, voicejob_store=self.store, **changes)
        found = Checked(await checks.check(Reading(settings), seconds=seconds))
        assert not re.search(
            "stand-in|Traceback|ticket|SKEXAMPLE|open-sesame|hush", str(found.items), re.IGNORECASE
        )
        return found

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the environment of a process that checks the same."""
        mode = {"SLACK_APP_TOKEN": APP_TOKEN, "VOICEJOB_STORE": str(self.store)}
        return environment(self.slack, self.metastudio) | mode | changes


def answering(body: str, **headers: str) -> RawTestServer:
    """Return a server that answers everything so."""

    async def serve(_: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
        return aiohttp.web.Response(text=body, content_type="application/json", headers=headers)

    return RawTestServer(serve)
