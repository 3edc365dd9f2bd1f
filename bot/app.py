"""The composition root: builds everything from the settings, and runs it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import MetaStudioSettings, Settings, revealed
from bot.deliver.languages import Languages
from bot.deliver.outbox import Outbox, Times
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.domain.workspace import Workspace
from bot.errors import PartBroken, VoiceJobError
from bot.listeners import register
from bot.listeners.commands import COMMAND
from bot.listeners.replies import Replies
from bot.messages.context import MessageContext
from bot.messages.texts import words_in
from bot.metastudio.auth import AccessKey, GivenToken, Key
from bot.metastudio.client import MetaStudio
from bot.metastudio.iam_user import IamUser
from bot.network.servers import listening
from bot.network.sessions import client_session
from bot.process.clock import Clock
from bot.services import Parts, Services
from bot.slack import http_mode, socket_mode
from bot.slack.auth import may_connect, signed_in
from bot.slack.bolt import bolt_app
from bot.slack.clients import web_client
from bot.slack.identity import Identity
from bot.slack.people import People
from bot.slack.replies import ReplySender
from bot.slack.sender import Sender
from bot.slack.socket_mode import Connection
from bot.store import Store, open_store
from bot.store.takeover import take_over
from bot.telemetry.health import BotState, Health
from bot.telemetry.metrics import Metrics
from bot.watch.watcher import Watcher

log = logging.getLogger(__name__)

SLACK_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
DRAIN_SECONDS: Final = 6.0
"""How long the end waits for answers and messages under way; all in all, it comes within 10 seconds."""

T = TypeVar("T")

Ready = Callable[[str], None]
"""Called once Slack can reach the bot, with a word on how."""


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event,
    ready: Ready,
    drain: float = DRAIN_SECONDS,
    rates: RateLimits = RATE_LIMITS,
    clock: Clock | None = None,
) -> None:
    """Run the bot until ``stop`` is set; at the end, wait ``drain`` seconds at most for what is under way.

    Raises StoreError when the store can't be used, SlackError when Slack does not let it start, AddressTaken
    when it can't listen in HTTP mode, PartBroken when a part of it broke.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        session, metastudio, store = await _opened(stack, settings, rates, metrics)
        client, token = web_client(session, settings.slack_api_url), revealed(settings.slack_bot_token)
        auth = await _signed_in(client, token)
        workspace = Workspace.of(auth)
        await take_over(store, workspace.team_id)
        identity = Identity(client, token, workspace, pause=rates.identity)
        writing = _writing_client(await stack.enter_async_context(_patient_session(rates)), settings)
        sender = Sender(writing, rates)
        people = People(writing)
        languages = Languages(store, people, settings.voicejob_language)
        context = _message_context(settings, auth)
        times = Times(reminders=settings.reminder_times, clock=clock)
        outbox = Outbox(store, sender, context, languages, rates=rates, times=times, metrics=metrics)
        poll = settings.voicejob_poll_seconds
        watcher = Watcher(metastudio, store, poll=poll, rates=rates, metrics=metrics, clock=clock)
        _connect(outbox, watcher, clock)
        told = (languages, people, workspace, metrics, times.reminders, clock)
        services = Services.of(Parts(metastudio, store, outbox, watcher, *told, rates.fresh))
        writer = ReplySender(session, sender, first_pause=rates.resend)
        replies = Replies(writer, context, services.languages.of, metrics)
        stack.push_async_callback(_drain, replies, outbox, drain)
        app = bolt_app(revealed(settings.slack_bot_token), client, auth, metrics)
        register(app, replies, services, metrics, workspace, recheck=identity.check_soon)
        connection = Connection() if settings.slack_app_token else None
        health = Health(partial(_state, connection, watcher, outbox), store, metrics, poll=poll)
        parts = {"watcher": watcher.run(), "outbox": outbox.run(), "workspace": identity.run()}
        parts["way to Slack"] = _serve_slack(app, settings, health, metrics, connection, ready)
        await run_parts(parts, stop)


async def _opened(
    stack: AsyncExitStack, settings: Settings, rates: RateLimits, metrics: Metrics
) -> tuple[aiohttp.ClientSession, MetaStudio, Store]:
    """Open the ways to Slack and MetaStudio, and the store, until ``stack`` is left. Raises StoreError."""
    session = await stack.enter_async_context(client_session(timeout=SLACK_TIMEOUT))
    metastudio = await stack.enter_async_context(metastudio_from(settings, rates, metrics))
    store = await stack.enter_async_context(open_store(settings.voicejob_store))
    region, path = settings.metastudio_region, settings.voicejob_store
    log.info("region %s, store %s, jobs followed: %d", region, path, len(await store.jobs()))
    return session, metastudio, store


def _connect(outbox: Outbox, watcher: Watcher, clock: Clock) -> None:
    """Let reminders wait for a check of the jobs, and come when the clock says so."""
    outbox.is_current = lambda: watcher.is_current
    watcher.on_current = outbox.look_again
    clock.listen(outbox.look_again)


def _patient_session(rates: RateLimits) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
    """Return a session that waits long for an answer, but not for a connection."""
    return client_session(timeout=aiohttp.ClientTimeout(total=rates.answer, connect=SLACK_TIMEOUT.total))


def _writing_client(session: aiohttp.ClientSession, settings: Settings) -> AsyncWebClient:
    """Return a client that never repeats a call: a message whose answer got lost would come twice."""
    token = revealed(settings.slack_bot_token)
    return web_client(session, settings.slack_api_url, token=token, retry_handlers=[])


async def _signed_in(client: AsyncWebClient, token: str) -> AsyncSlackResponse:
    auth = await signed_in(client, token)
    log.info("signed in to the Slack workspace %r as %r", auth.get("team"), auth.get("user"))
    return auth


def _message_context(settings: Settings, auth: AsyncSlackResponse) -> MessageContext:
    return MessageContext(
        region=settings.metastudio_region,
        bot_name=str(auth.get("user")),
        command=COMMAND,
        console_url=settings.console_url,
        words=words_in(settings.voicejob_language),
        reminds=bool(settings.voicejob_remind_hours),
    )


def _state(connection: Connection | None, watcher: Watcher, outbox: Outbox) -> BotState:
    return BotState(
        is_connected=connection is None or connection.connected,
        reconnects=connection.reconnects if connection else 0,
        refusal=outbox.trouble.code if outbox.trouble else "",
        trouble=watcher.trouble,
        silence=watcher.silence,
        was_served=watcher.was_served,
        is_refused=watcher.is_refused,
    )


async def _drain(replies: Replies, outbox: Outbox, seconds: float) -> None:
    await asyncio.gather(replies.drain(seconds), outbox.drain(seconds))


async def run_parts(parts: dict[str, Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run all parts until ``stop`` is set. One that ends takes the bot with it: it is never half alive.

    Raises PartBroken, or the VoiceJobError that a part raised.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_part(name, work)) for name, work in parts.items()]
            await stop.wait()
            for task in running:
                task.cancel()
    except ExceptionGroup as group:
        raise _named_error(group) from group


async def _part(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Run a part that must not end by itself. Raises VoiceJobError."""
    try:
        await work
    except VoiceJobError:
        raise
    except Exception as error:
        log.exception("a part broke: %s", name)
        raise PartBroken(part=name, reason=_cause_of(error)) from error
    raise PartBroken(part=name, reason="it ended")


def _cause_of(error: Exception) -> str:
    """Return the class name of what broke a part: of the first error, where it is a group."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


def _named_error(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error of ours in a group, for which there is a sentence; the group if there is none."""
    return next((error for error in group.exceptions if isinstance(error, VoiceJobError)), group)


async def _serve_slack(
    app: AsyncApp,
    settings: Settings,
    health: Health,
    metrics: Metrics,
    connection: Connection | None,
    ready: Ready,
) -> None:
    """Receive what Slack sends, and serve health and metrics, until cancelled."""
    served = web.Application(client_max_size=http_mode.MAX_BODY)
    health.add_to(served)
    if connection is None:
        http_mode.add_events(served, app, revealed(settings.slack_signing_secret), metrics)
    async with listening(served, settings.voicejob_host, settings.port) as address:
        log.info("health and metrics at %s", address)
        if connection is None:
            ready(address + http_mode.EVENTS_PATH)
            await asyncio.Event().wait()
        app_token = revealed(settings.slack_app_token)
        # A token that Slack refuses from the start is a mistake of the settings: it is told at once.
        await may_connect(app.client, app_token)
        await socket_mode.stay_connected(
            app, app_token, ready=partial(ready, "Socket Mode"), connection=connection
        )


def metastudio_from(
    settings: MetaStudioSettings, rates: RateLimits = RATE_LIMITS, metrics: Metrics | None = None
) -> MetaStudio:
    """Build the client of MetaStudio."""
    return MetaStudio(
        settings.endpoint,
        project_id=settings.huaweicloud_sdk_project_id,
        auth=_auth_from(settings),
        app_user_id=settings.metastudio_app_user_id,
        rates=rates,
        metrics=metrics,
    )


def _auth_from(settings: MetaStudioSettings) -> AccessKey | IamUser | GivenToken:
    """Return the one way to authenticate that is set; secrets from files are read again."""
    project_id = settings.huaweicloud_sdk_project_id
    if settings.huaweicloud_sdk_ak:
        return AccessKey(_key(settings), project_id=project_id, read=_reading(settings, _key))
    if user := settings.huaweicloud_iam_user:
        return IamUser(
            user,
            _password(settings),
            settings.huaweicloud_iam_domain or "",
            project_id=project_id,
            iam_endpoint=settings.iam_endpoint,
            read=_reading(settings, _password),
        )
    return GivenToken(_token(settings), read=_reading(settings, _token))


def _reading(settings: MetaStudioSettings, take: Callable[[MetaStudioSettings], T]) -> Callable[[], T] | None:
    """Return what reads credentials again; None where none came from a file."""
    return (lambda: take(settings.read_again())) if settings.has_files else None


def _key(settings: MetaStudioSettings) -> Key:
    return Key(
        revealed(settings.huaweicloud_sdk_ak),
        revealed(settings.huaweicloud_sdk_sk),
        revealed(settings.huaweicloud_sdk_security_token),
    )


def _password(settings: MetaStudioSettings) -> str:
    return revealed(settings.huaweicloud_iam_password)


def _token(settings: MetaStudioSettings) -> str:
    return revealed(settings.metastudio_auth_token)
