"""What people do with the app: type commands, press buttons, use shortcuts, and see what comes of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.simulators.slack import app_settings, payloads
from bot.simulators.slack.messages import Refusal, refused
from bot.simulators.slack.payloads import Person
from bot.simulators.slack.records import ALICE, Ack, Interaction, Message, View
from bot.simulators.slack.response_urls import ResponseUrls, audience
from bot.simulators.slack.state import State
from bot.simulators.slack.views import Views

Deliver = Callable[[str, dict[str, Any]], Awaitable[Ack]]
"""Brings a payload of one envelope type to the app."""


class People:
    """The people of the workspace."""

    def __init__(self, state: State, urls: ResponseUrls, views: Views, deliver: Deliver) -> None:
        self._state = state
        self._urls = urls
        self._views = views
        self._deliver = deliver

    async def command(
        self,
        name: str,
        text: str = "",
        *,
        channel: str,
        user: str = ALICE,
        team: str | None = None,
        enterprise: str | None = None,
    ) -> Interaction:
        """Type a command in a channel, and return when it is acknowledged or Slack stopped waiting.

        ``team`` and ``enterprise`` are the person's, by default this workspace and its organization.
        Raises LookupError for a channel that does not exist, or in which nobody can type.
        """
        place = self._state.typed_in(channel)
        interaction = Interaction(user=user, channel=channel)
        self._urls.create(interaction)
        payload = payloads.command(
            name,
            text,
            person=self._person(user, team, enterprise),
            channel=place,
            response_url=interaction.response_url,
            trigger=self._views.new_trigger(user),
        )
        ack = await self._deliver("slash_commands", payload)
        _note(interaction, ack)
        if ack.reply is not None:
            self._show_reply(interaction, ack.reply)
        return interaction

    async def press(
        self,
        surface: Message | View,
        action_id: str,
        *,
        value: str | None = None,
        user: str | None = None,
        team: str | None = None,
        enterprise: str | None = None,
    ) -> Interaction:
        """Press a button of a message or view as it is now, and return as ``command`` does.

        Of several with this ``action_id``, the first is pressed, or that with ``value``; in a menu, the
        option with this value is chosen. Without ``user``, the person who alone sees the message or view
        presses, or else Alice. Raises LookupError when this person does not see it, or it has no such button.
        """
        presser = user or surface.user or ALICE
        seen = self._seen(surface, presser)
        button = payloads.find_button(seen, action_id, value)
        interaction = Interaction(user=presser, channel=seen.channel if isinstance(seen, Message) else "")
        payload = payloads.block_actions(
            button,
            person=self._person(presser, team, enterprise),
            trigger=self._views.new_trigger(presser),
            action_ts=f"{self._state.clock():.6f}",
            place=self._place(seen, interaction),
        )
        ack = await self._deliver("interactive", payload)
        _note(interaction, ack)
        if ack.reply is not None:
            self._state.violations.append(
                "acknowledgement: Slack ignores a message in that of a button press"
            )
        return interaction

    async def shortcut(self, callback_id: str, message: Message, *, user: str = ALICE) -> Interaction:
        """Use a message shortcut of the app on a message as it is now, and return as ``command`` does.

        Raises LookupError for a shortcut that the app does not have, and for a message that has no menu for
        this person: one that they do not see, or that only they see (page "Implementing shortcuts").
        """
        if not app_settings.has_shortcut(self._state.manifest, "message", callback_id):
            raise LookupError(f"This app has no shortcut {callback_id!r} for messages")
        seen, channel = self._state.messages.current(message), self._state.channels[message.channel]
        if seen is None or not channel.is_open_to(user):
            raise LookupError(f"{user} does not see {message}")
        if seen.user:
            raise LookupError("There are no shortcuts for an ephemeral message")
        interaction = Interaction(user=user, channel=channel.id)
        self._urls.create(interaction)
        payload = payloads.message_action(
            callback_id,
            seen,
            person=self._person(user, None, None),
            channel=channel,
            response_url=interaction.response_url,
            trigger=self._views.new_trigger(user),
            action_ts=f"{self._state.clock():.6f}",
        )
        ack = await self._deliver("interactive", payload)
        _note(interaction, ack)
        self._state.violations += unacknowledged(f"the shortcut {callback_id}", ack)
        return interaction

    async def close_view(self, user: str = ALICE, *, all_of_them: bool = False) -> Interaction | None:
        """Close the modal that a person sees, or all of theirs, and return as ``command`` does.

        None where the app did not ask, with ``notify_on_close``, to be told. Raises KeyError when none is
        open. Whether one that lay below was closed is not told.
        """
        closed = self._views.as_slack(self._views.modals[user])
        is_cleared = all_of_them or closed["clear_on_close"]
        (self._views.close_modal if is_cleared else self._views.close_top)(user)
        if not closed["notify_on_close"]:
            return None
        payload = payloads.view_closed(closed, person=self._person(user, None, None), is_cleared=is_cleared)
        return await self.send("interactive", payload)

    async def send(
        self, kind: str, payload: dict[str, Any], *, channel: str = "", can_answer: bool = False
    ) -> Interaction:
        """Send any payload in an envelope of this type, and return as ``command`` does.

        ``can_answer`` adds a ``response_url``, whose messages are shown in the channel.
        """
        interaction = Interaction(user=ALICE, channel=channel)
        if can_answer:
            self._urls.create(interaction)
            payload = payload | {"response_url": interaction.response_url}
        ack = await self._deliver(kind, payload)
        _note(interaction, ack)
        interaction.reply = ack.reply
        return interaction

    def _person(self, user: str, team: str | None, enterprise: str | None) -> Person:
        home = self._state.team_id
        return Person(
            user=user,
            team=team or home,
            home=home,
            enterprise=enterprise or (None if team else self._state.enterprise_id),
        )

    def _seen(self, surface: Message | View, presser: str) -> Message | View:
        seen: Message | View | None
        if isinstance(surface, View):
            seen = self._views.current(surface)
        else:
            seen = self._state.messages.current(surface)
        if seen is None or seen.user not in (None, presser):
            raise LookupError(f"{presser} does not see {surface}")
        return seen

    def _place(self, seen: Message | View, interaction: Interaction) -> dict[str, Any]:
        if isinstance(seen, View):
            return payloads.in_view(self._views.as_slack(seen))
        self._urls.create(interaction, seen)
        channel = self._state.channels[seen.channel]
        return payloads.in_message(seen, channel, interaction.response_url)

    def _show_reply(self, interaction: Interaction, reply: Any) -> None:
        """Show the message in an acknowledgement; one with a ``response_type`` alone shows nothing new."""
        if isinstance(reply, dict) and not reply.get("text") and not reply.get("blocks"):
            return
        refusal = refused(reply) if isinstance(reply, dict) else Refusal("no_object", ["not an object"])
        if refusal:
            self._state.violations.append(f"acknowledgement: {refusal}")
            channel = interaction.channel
            self._state.note_malformed("acknowledgement", channel, refusal.code, refusal.problems)
            interaction.error = "invalid_command_response"
            return
        user = audience(interaction, reply)
        interaction.ack_message = self._state.messages.post(reply, channel=interaction.channel, user=user)
        interaction.show(interaction.ack_message)


def unacknowledged(what: str, ack: Ack) -> list[str]:
    """Return the violation if the app took too long to acknowledge, refused, or answered with a body."""
    if ack.error in {"operation_timeout", "http_service_error"}:
        return [f"acknowledgement: {what} was not acknowledged ({ack.error})"]
    return [] if ack.reply is None else [f"acknowledgement: Slack ignores a body in that of {what}"]


def _note(interaction: Interaction, ack: Ack) -> None:
    interaction.acked, interaction.ack_seconds, interaction.error = ack.acked, ack.seconds, ack.error
