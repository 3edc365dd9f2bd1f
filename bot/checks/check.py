"""Trying everything that the bot needs, for real: the parts, in the order in which they are printed."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from bot.checks import listening, metastudio, slack, store
from bot.checks.item import Item, fails, safe, untried, works
from bot.config import MetaStudioSettings, Reading, Settings, unknown_keys
from bot.network import variables

SETTINGS: Final = "settings"
WRONG: Final = "until the settings are fixed"
"""Why a part is skipped whose own settings can't be read."""
SECONDS: Final = 25.0
"""After as long, what has not answered counts as failed. Each part has shorter limits of its own."""


@dataclass(frozen=True)
class Part:
    """What can be tried by itself: the fields that it takes, and how.

    ``attempt`` yields an item for each of the names, in their order, as soon as it is known.
    """

    fields: Collection[str]
    names: tuple[str, ...]
    attempt: Callable[[Settings], AsyncGenerator[Item, None]]
    needs_network: bool = True


_MODE: Final = ("slack_app_token", "slack_signing_secret", "slack_api_url")
_METASTUDIO: Final = MetaStudioSettings.model_fields.keys() - {"voicejob_console_url", "voicejob_language"}
_ADDRESS: Final = ("voicejob_host", "port")
TOKEN: Final = Part(
    ("slack_bot_token", "slack_api_url"), (slack.BOT_TOKEN, slack.GRANTED), slack.try_bot_token
)
BY_SOCKET: Final = Part(_MODE, (slack.APP_TOKEN, slack.SOCKET_MODE), slack.try_socket_mode)
BY_HTTP: Final = Part(_MODE, (slack.SIGNING_SECRET,), slack.try_signing_secret)
METASTUDIO: Final = Part(_METASTUDIO, metastudio.NAMES, metastudio.try_metastudio)
STORE: Final = Part(("voicejob_store",), (store.STORE,), store.try_store, needs_network=False)
OTHERS: Final = (
    METASTUDIO,
    STORE,
    Part(_ADDRESS, (listening.LISTENING,), listening.try_listening, needs_network=False),
)


async def check(reading: Reading[Settings], *, seconds: float = SECONDS) -> list[Item]:
    """Try all parts at the same time, each for ``seconds`` at most, and return all items in a fixed order.

    What is wrong in one part keeps no other from being tried. No item shows a secret.
    """
    settings = reading.settings
    first = _settings_item(settings, [*reading.problems, *variables.problems()], reading.hint)
    parts = (TOKEN, BY_HTTP if settings.is_http_mode else BY_SOCKET, *OTHERS)
    return [*_safe(settings, [first]), *await check_parts(parts, reading, seconds=seconds)]


async def check_parts(
    parts: Collection[Part], reading: Reading[Settings], *, seconds: float = SECONDS
) -> list[Item]:
    """Try some parts at the same time, each for ``seconds`` at most, and return their items in that order."""
    settings, network = reading.settings, variables.problems()

    def can_try(part: Part) -> bool:
        return reading.wrong.isdisjoint(part.fields) and not (network and part.needs_network)

    groups = await asyncio.gather(
        *(_tried(part, settings, seconds) if can_try(part) else _untried(part) for part in parts)
    )
    return _safe(settings, [item for group in groups for item in group])


def _safe(settings: Settings, items: list[Item]) -> list[Item]:
    secrets = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    return [safe(item, secrets) for item in items]


def _settings_item(settings: Settings, problems: list[str], hint: str) -> Item:
    """Return what came of reading the settings, with a line for each problem and each key that is unknown."""
    unknown = unknown_keys()
    if problems:
        count = f"{len(problems)} missing or wrong{f', {len(unknown)} unknown' if unknown else ''}:"
        lines = filter(None, [count, *problems, *unknown, hint])
        return fails(SETTINGS, "\n".join(lines), problems=len(problems))
    mode = "HTTP mode" if settings.is_http_mode else "Socket Mode"
    found = f"all are there: {mode}, region “{settings.metastudio_region}”"
    return works(SETTINGS, "\n".join([found, *unknown]))


async def _untried(part: Part) -> list[Item]:
    return [untried(name, WRONG) for name in part.names]


async def _tried(part: Part, settings: Settings, seconds: float) -> list[Item]:
    """Try one part. Whatever happens, there is an item for each name."""
    items: list[Item] = []
    try:
        # Left to itself, a generator that is given up would be closed some time later.
        async with asyncio.timeout(seconds), aclosing(part.attempt(settings)) as found:
            async for item in found:
                items.append(item)  # noqa: PERF401  what is known by the time it breaks is kept
            return items
    except TimeoutError:
        says = f"no answer within {seconds:g} s. Try again in a minute."
    except Exception as error:  # noqa: BLE001  a fault of ours, or of a library, is one item's and no more
        says = f"trying it broke ({type(error).__name__}). Check the proxy settings of this machine."
    rest = part.names[len(items) :]
    items += [fails(name, says) for name in rest[:1]]
    return items + [untried(name, f"because “{rest[0]}” failed") for name in rest[1:]]
