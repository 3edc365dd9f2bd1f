"""The bot as a process of its own, which can be killed: ``python bot_process.py '{"slack": …}'``.

The argument is a ``Life`` as JSON. Once Slack can reach the bot it writes a line to stdout; it lives until it
is terminated.
"""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bot import app
from bot.domain.rates import RateLimits
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN
from bot.simulators.world import GivenSettings, go_without_proxy

FAST: Final = RateLimits(
    channel=0.05, posts=0.02, edits=0.02, spacing=0, requests=0.05, unanswered=0, answer=2, repeat=0.3
)
"""A pace at which minutes are as hours."""
PROGRAM: Final = Path(__file__)
LOG_FORMAT: Final = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a bot is started with: addresses, the store's path, seconds between two checks, and its pace."""

    slack: str
    metastudio: str
    store: str
    poll: float = 0.2
    rates: RateLimits = field(default_factory=RateLimits)

    def command(self) -> list[str]:
        """Write the command line that starts such a bot."""
        return [sys.executable, str(PROGRAM), json.dumps(asdict(self))]

    def settings(self) -> GivenSettings:
        """Make the bot's settings, for Socket Mode."""
        return GivenSettings(
            slack_bot_token=BOT_TOKEN,
            slack_app_token=APP_TOKEN,
            slack_api_url=self.slack,
            metastudio_endpoint=self.metastudio,
            huaweicloud_sdk_project_id=PROJECT_ID,
            huaweicloud_sdk_ak=ACCESS_KEY,
            huaweicloud_sdk_sk=SECRET_KEY,
            voicejob_host="127.0.0.1",
            port=0,
            voicejob_poll_seconds=self.poll,
            voicejob_store=Path(self.store),
        )


def tell(words: str) -> None:
    """Tell whoever started this process, on stdout and in the log."""
    print(words, flush=True)  # noqa: T201  its standard output is how it is heard
    logging.getLogger(__name__).info("ready: %s", words)


async def live(text: str) -> None:
    """Run the bot of a ``Life`` as JSON until this process is told to end."""
    given = json.loads(text)
    life = Life(**given | {"rates": RateLimits(**given["rates"])})
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await app.run(life.settings(), stop=stop, ready=tell, rates=life.rates)


def start(living: Coroutine[Any, Any, None]) -> None:
    """Start as an operator's machine would, but for proxies: all is on loopback."""
    go_without_proxy()
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(living)


if __name__ == "__main__":
    start(live(sys.argv[1]))
