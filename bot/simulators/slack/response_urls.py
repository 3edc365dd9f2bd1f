"""The ``response_url`` of commands, shortcuts and button presses.

Source: the page "Handling user interaction": five posts within thirty minutes, ephemeral by default;
``replace_original`` and ``delete_original`` change the message whose button was pressed.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulators.slack.faults import Faults, answered
from bot.simulators.slack.messages import refused
from bot.simulators.slack.records import Interaction, Message, Newest
from bot.simulators.slack.state import State

MAX_USES = 5
LIFETIME = 30 * 60
"""Seconds."""
FAULT_NAME = "response_url"


class ResponseUrlError(Exception):
    """A post that is refused, with the HTTP status and the body of the answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(kw_only=True)
class ResponseUrl:
    """One ``response_url``, and what it belongs to."""

    interaction: Interaction
    original: Message | None
    """The message whose button was pressed; None for a command or a shortcut."""
    created: float
    uses: int = 0


class ResponseUrls:
    """Creates response URLs and answers the posts to them."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults
        self._by_path: Newest[ResponseUrl] = Newest()

    def create(self, interaction: Interaction, original: Message | None = None) -> None:
        """Create the ``response_url`` of an interaction, which cannot be guessed."""
        path = f"/{'actions' if original else 'commands'}/{secrets.token_urlsafe(24)}"
        created = self._state.clock()
        self._by_path[path] = ResponseUrl(interaction=interaction, original=original, created=created)
        interaction.response_url = f"{self._state.base_url}{path}"

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one post, or let it go wrong as requested."""
        body = await _read(request)
        self._state.record(FAULT_NAME, body or {})
        if "Authorization" in request.headers:
            self._violation("the token was sent, which this URL does not need")
        return await answered(
            self._faults.take(FAULT_NAME), request, lambda: self._respond(request.path, body)
        )

    def _respond(self, path: str, body: dict[str, Any] | None) -> web.Response:
        try:
            self._apply(self._found(path), body)
        except ResponseUrlError as error:
            return web.Response(status=error.status, text=error.code)
        return web.Response(text="ok")

    def _found(self, path: str) -> ResponseUrl:
        found = self._by_path.get(path)
        if found is None:
            self._violation("invalid_url")
            raise ResponseUrlError(404, "invalid_url")
        if self._state.clock() - found.created > LIFETIME:
            raise ResponseUrlError(404, "expired_url")
        if found.uses == MAX_USES:
            self._violation("used_url")
            raise ResponseUrlError(404, "used_url")
        found.uses += 1
        return found

    def _apply(self, url: ResponseUrl, body: dict[str, Any] | None) -> None:
        if body is None:
            self._violation("invalid_payload")
            raise ResponseUrlError(400, "invalid_payload")
        target = self._target(url, body)
        if target and body.get("delete_original"):
            self._state.messages.delete(target)
            return
        refusal = refused(body)
        if refusal:
            channel = url.interaction.channel
            self._state.note_malformed(FAULT_NAME, channel, refusal.code, refusal.problems)
            self._violation(str(refusal))
            raise ResponseUrlError(400, refusal.code)
        url.interaction.show(self._show(url.interaction, body, target))

    def _show(self, interaction: Interaction, body: dict[str, Any], target: Message | None) -> Message:
        if target:
            return self._state.messages.edit(target, body)
        return self._state.messages.post(body, channel=interaction.channel, user=audience(interaction, body))

    def _target(self, url: ResponseUrl, body: dict[str, Any]) -> Message | None:
        """Return the message to replace or delete; None when the post is a new message."""
        if not (body.get("replace_original") or body.get("delete_original")):
            return None
        if url.original is None:
            self._violation("there is no message to replace or delete")
            return None
        target = self._state.messages.current(url.original)
        if target is None:
            raise ResponseUrlError(404, "message_not_found")
        if target.user and body.get("response_type") == "in_channel":
            self._violation("an ephemeral message cannot become public")
        return target

    def _violation(self, what: str) -> None:
        self._state.violations.append(f"{FAULT_NAME}: {what}")


def audience(interaction: Interaction, reply: dict[str, Any]) -> str | None:
    """Return the one user who sees a reply, or None if ``response_type`` is ``in_channel``."""
    return None if reply.get("response_type") == "in_channel" else interaction.user


async def _read(request: web.Request) -> dict[str, Any] | None:
    if request.content_type != "application/json":
        return None
    try:
        body = json.loads(await request.text())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
