"""The Web API: its methods, what they check, and the error codes that Slack documents for them.

Sources: the page of each method.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulators.slack.arguments import Arguments, Received, read
from bot.simulators.slack.errors import ApiError
from bot.simulators.slack.faults import Fault, Faults, answered
from bot.simulators.slack.messages import as_slack, refused
from bot.simulators.slack.rate_limits import Limiter
from bot.simulators.slack.records import BOT_ID, BOT_USER, TEAM_NAME, Call, Channel, Message
from bot.simulators.slack.state import State
from bot.simulators.slack.users import Users
from bot.simulators.slack.views import Views

EVERYWHERE = {"team_id"}
"""Arguments of every method: Bolt adds the team to each call."""
POST_OPTIONS = {"reply_broadcast", "unfurl_links", "unfurl_media", "mrkdwn", "link_names"}
APP_MISTAKES = {
    "unknown_method",
    "invalid_arguments",
    "invalid_json",
    "json_not_object",
    "invalid_post_type",
    "no_text",
    "invalid_blocks",
    "msg_too_long",
    "invalid_trigger_id",
    "exchanged_trigger_id",
    "duplicate_external_id",
    "push_limit_reached",
    "view_too_large",
}
"""The error codes that only a mistake in the app can cause: they count as violations."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One Web API method."""

    run: Callable[["WebApi", Arguments], dict[str, Any]]
    prefix: str = "xoxb"
    """That of the token which it needs: the bot token, or ``xapp`` for the app-level token."""
    scope: str | None = None
    arguments: frozenset[str] = frozenset()
    """All known ones; any other is refused, so that a misspelt one is found."""
    required: frozenset[str] = frozenset()


class WebApi:
    """Answers ``/api/{method}``."""

    def __init__(
        self, state: State, faults: Faults, limiter: Limiter, new_ticket: Callable[[], str], views: Views
    ) -> None:
        self.views = views
        self.users = Users(state)
        self._state = state
        self._faults = faults
        self._limiter = limiter
        self._new_ticket = new_ticket

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call, or let it go wrong as requested."""
        name = request.match_info["method"]
        call = await read(request)
        made = self._state.record(name, call.arguments)
        fault = self._fault(made, self._state.conversation(call.arguments.get("channel")))
        return await answered(fault, request, lambda: self._respond(name, call))

    def _respond(self, name: str, call: Received) -> web.Response:
        return web.json_response(self._answer(name, call), headers={"x-oauth-scopes": self._scopes()})

    def _fault(self, made: Call, conversation: str) -> Fault:
        """Return what goes wrong with a call: it is over a rate limit, or a fault was requested."""
        retry_after = self._limiter.retry_after(made.method, conversation)
        if retry_after:
            self._state.limited.append(made)
            return Fault(retry_after=retry_after)
        return self._faults.take(made.method, conversation=conversation, arguments=made.arguments)

    def _answer(self, name: str, call: Received) -> dict[str, Any]:
        try:
            return {"ok": True, **self._call(name, call)}
        except ApiError as error:
            if error.code in APP_MISTAKES:
                self._state.violations.append(f"{name}: {error.answer}")
                problems = error.answer.get("response_metadata", {}).get("messages", [])
                self._state.note_malformed(name, self._id(call), error.code, problems)
            return error.answer

    def _id(self, call: Received) -> str:
        """Return the id of the conversation that a call is for."""
        given = str(call.arguments.get("channel", ""))
        return self._state.direct(given).id if given.startswith("U") else given

    def _call(self, name: str, call: Received) -> dict[str, Any]:
        if call.problem:
            raise ApiError(call.problem)
        if name not in METHODS:
            raise ApiError("unknown_method", req_method=name)
        method = METHODS[name]
        self._authorize(method, call.token)
        _check_names(method, call.arguments)
        return method.run(self, call.arguments)

    def _authorize(self, method: Method, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in (self._state.bot_token, self._state.app_token):
            raise ApiError("invalid_auth")
        if token == self._state.bot_token and self._state.revoked:
            raise ApiError(self._state.revoked)
        if not token.startswith(method.prefix):
            raise ApiError("not_allowed_token_type")
        if method.scope and method.scope not in self._state.scopes:
            raise ApiError("missing_scope", needed=method.scope, provided=self._scopes())

    def _scopes(self) -> str:
        return ",".join(sorted(self._state.scopes))

    def auth_test(self, _: Arguments) -> dict[str, Any]:
        """Describe the workspace and the bot user of the token."""
        organization = self._state.enterprise_id
        return {
            "url": "https://voicejob.slack.com/",
            "team": TEAM_NAME,
            "user": "voicejob",
            "team_id": self._state.team_id,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
            **({"enterprise_id": organization} if organization else {}),
        }

    def connections_open(self, _: Arguments) -> dict[str, Any]:
        """Return the URL of a WebSocket, which can be opened once."""
        return {"url": f"ws{self._state.base_url.removeprefix('http')}/link?ticket={self._new_ticket()}"}

    def post_message(self, arguments: Arguments) -> dict[str, Any]:
        """Post in a channel, or to a person when ``channel`` is a user id."""
        channel = self._channel(arguments.get("channel"))
        self._may_write(channel, if_archived="is_archived")
        _check_content(arguments)
        self._check_parent(channel, arguments.get("thread_ts"))
        message = self._state.messages.post(arguments, channel=channel.id)
        return {"channel": channel.id, "ts": message.ts, "message": as_slack(message)}

    def update_message(self, arguments: Arguments) -> dict[str, Any]:
        """Change a message of the bot; text without blocks removes its blocks."""
        channel = self._conversation(arguments["channel"])
        self._may_write(channel, if_archived="is_inactive")
        message = self._own_message(channel, arguments["ts"])
        _check_content(arguments)
        message = self._state.messages.edit(message, arguments)
        shown = as_slack(message)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def _channel(self, given: Any) -> Channel:
        if isinstance(given, str) and given.startswith("U"):
            return self._state.direct(given)
        return self._conversation(given)

    def _conversation(self, given: Any) -> Channel:
        channel = self._state.channels.get(str(given))
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def _may_write(self, channel: Channel, *, if_archived: str) -> None:
        """Check membership; for others a private channel does not exist."""
        if channel.person is None and not channel.bot_is_member:
            if channel.private:
                raise ApiError("channel_not_found")
            if "chat:write.public" not in self._state.scopes:
                raise ApiError("not_in_channel")
        if channel.archived:
            raise ApiError(if_archived)

    def _check_parent(self, channel: Channel, thread_ts: Any) -> None:
        """Check that ``thread_ts`` is a message of the channel, neither a reply nor ephemeral."""
        if not thread_ts:
            return
        parent = self._state.messages.find(channel.id, thread_ts)
        if parent is None or parent.user or parent.thread_ts:
            raise ApiError("cannot_reply_to_message")

    def _own_message(self, channel: Channel, ts: Any) -> Message:
        message = self._state.messages.find(channel.id, ts)
        if message is None:
            raise ApiError("message_not_found")
        if message.user or message.author != BOT_USER:
            raise ApiError("cant_update_message")
        return message


METHODS: Mapping[str, Method] = {
    "auth.test": Method(run=WebApi.auth_test),
    "apps.connections.open": Method(run=WebApi.connections_open, prefix="xapp"),
    "chat.postMessage": Method(
        run=WebApi.post_message,
        scope="chat:write",
        arguments=frozenset({"channel", "text", "blocks", "thread_ts", "parse"}) | POST_OPTIONS,
    ),
    "chat.update": Method(
        run=WebApi.update_message,
        scope="chat:write",
        arguments=frozenset({"channel", "ts", "text", "blocks", "parse", "link_names"}),
        required=frozenset({"channel", "ts"}),
    ),
    "users.info": Method(
        run=lambda api, arguments: api.users.info(arguments),
        scope="users:read",
        arguments=frozenset({"user", "include_locale"}),
        required=frozenset({"user"}),
    ),
    "views.open": Method(
        run=lambda api, arguments: api.views.open(arguments),
        arguments=frozenset({"trigger_id", "view"}),
        required=frozenset({"trigger_id", "view"}),
    ),
    "views.push": Method(
        run=lambda api, arguments: api.views.push(arguments),
        arguments=frozenset({"trigger_id", "view"}),
        required=frozenset({"trigger_id", "view"}),
    ),
    "views.update": Method(
        run=lambda api, arguments: api.views.update(arguments),
        arguments=frozenset({"view", "view_id", "external_id", "hash"}),
        required=frozenset({"view"}),
    ),
    "views.publish": Method(
        run=lambda api, arguments: api.views.publish(arguments),
        arguments=frozenset({"user_id", "view", "hash"}),
        required=frozenset({"user_id", "view"}),
    ),
}


def _check_names(method: Method, arguments: Arguments) -> None:
    unknown = sorted(set(arguments) - method.arguments - EVERYWHERE)
    missing = sorted(method.required - set(arguments))
    if unknown or missing:
        problems = [f"unknown: {unknown}", f"missing: {missing}"]
        raise ApiError("invalid_arguments", response_metadata={"messages": problems})


def _check_content(arguments: Arguments) -> None:
    refusal = refused(arguments)
    if refusal:
        raise ApiError(refusal.code, response_metadata={"messages": refusal.problems})
