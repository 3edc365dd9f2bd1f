"""The stand-in's ``response_url``: at most five posts within half an hour.

The rules are those of the page "Handling user interaction".
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulators.slack.faults import Faults, spoil
from bot.simulators.slack.messages import refused
from bot.simulators.slack.records import Interaction, Message
from bot.simulators.slack.state import State

MAX_USES = 5
LIFETIME = 30 * 60
"""Seconds."""
KEPT = 20_000
"""How many response URLs are remembered, the newest ones: a demo may be left open for days."""
FAULT_NAME = "response_url"


class HookError(Exception):
    """A post that is not taken, with the status and the body of the answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(kw_only=True)
class Hook:
    """What one ``response_url`` belongs to."""

    interaction: Interaction
    original: Message | None
    """The message whose button was pressed; None for a command."""
    created: float
    uses: int = 0


class Hooks:
    """Makes response URLs and answers the posts to them."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults
        self._hooks: dict[str, Hook] = {}

    def open(self, interaction: Interaction, original: Message | None = None) -> None:
        """Give an interaction its ``response_url``, which nobody can guess."""
        while len(self._hooks) > KEPT:
            del self._hooks[next(iter(self._hooks))]
        path = f"/{'actions' if original else 'commands'}/{secrets.token_urlsafe(24)}"
        self._hooks[path] = Hook(interaction=interaction, original=original, created=self._state.clock())
        interaction.response_url = f"{self._state.base_url}{path}"

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one post, or spoil it as was asked for."""
        body = await _read(request)
        self._state.record(FAULT_NAME, body or {}, authorization="Authorization" in request.headers)
        fault = await self._faults.take(FAULT_NAME)
        if fault and not fault.get("after"):
            return spoil(fault, request)
        try:
            self._apply(self._hook(request.path), body)
            answer = web.Response(text="ok")
        except HookError as error:
            answer = web.Response(status=error.status, text=error.code)
        return spoil(fault, request) if fault else answer

    def _hook(self, path: str) -> Hook:
        hook = self._hooks.get(path)
        if hook is None:
            raise self._violation(404, "invalid_url")
        if self._state.clock() - hook.created > LIFETIME:
            raise HookError(404, "expired_url")
        if hook.uses == MAX_USES:
            raise self._violation(404, "used_url")
        hook.uses += 1
        return hook

    def _apply(self, hook: Hook, body: dict[str, Any] | None) -> None:
        if body is None:
            raise self._violation(400, "invalid_payload")
        target = self._target(hook, body)
        if target and body.get("delete_original"):
            self._state.messages.delete(target)
            return
        refusal = refused(body)
        if refusal:
            channel = hook.interaction.channel
            self._state.note_malformed(FAULT_NAME, channel, refusal.code, refusal.problems)
            raise self._violation(400, refusal.code, str(refusal))
        hook.interaction.show(self._show(hook.interaction, body, target))

    def _show(self, interaction: Interaction, body: dict[str, Any], target: Message | None) -> Message:
        if target:
            return self._state.messages.edit(target, body)
        return self._state.messages.post(body, channel=interaction.channel, user=audience(interaction, body))

    def _target(self, hook: Hook, body: dict[str, Any]) -> Message | None:
        """Find the message that is to be replaced or deleted; None when the post is a new message."""
        if not (body.get("replace_original") or body.get("delete_original")):
            return None
        if hook.original is None:
            self._violation(200, "replace_original", "a command has no message to replace or delete")
            return None
        target = self._state.messages.current(hook.original)
        if target is None:
            raise HookError(404, "message_not_found")
        if target.user and body.get("response_type") == "in_channel":
            self._violation(200, "response_type", "an ephemeral message cannot become public")
        return target

    def _violation(self, status: int, code: str, detail: str = "") -> HookError:
        self._state.violations.append(f"response_url: {detail or code}")
        return HookError(status, code)


def audience(interaction: Interaction, reply: dict[str, Any]) -> str | None:
    """Tell who sees a reply: the person alone, unless ``response_type`` is ``in_channel``."""
    return None if reply.get("response_type") == "in_channel" else interaction.user


async def _read(request: web.Request) -> dict[str, Any] | None:
    if request.content_type != "application/json":
        return None
    try:
        body = json.loads(await request.text())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
