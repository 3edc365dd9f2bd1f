"""The state of the demo's page as JSON values under keys, so that only what changed has to be sent.

The simulators are plain objects without change events, so each view is computed from all of them; the value
of a message is cached for as long as the message stays the same.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from bot.demo.clockwork import SPEEDS
from bot.demo.composer import BOT_NAME
from bot.demo.playground import PEOPLE, Playground
from bot.domain.jobs import Phase, meaning_of
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.listeners.commands import COMMAND
from bot.messages.job_card import label, step_names
from bot.messages.texts import words_in
from bot.simulators.metastudio.jobs import SENT_BACK, RawJob
from bot.simulators.slack.messages import identified
from bot.simulators.slack.records import BOT_USER, TEAM_ID, Malformed, View
from bot.simulators.slack.workspace import ALICE, Channel, Message
from bot.slack.manifest import manifest

Parts = dict[str, Any]
"""JSON values by key."""

SHORTCUT_NAME: Final = manifest()["features"]["shortcuts"][0]["name"]
ENGLISH: Final = words_in(Language.EN)
"""The words of the panel, whatever the bot speaks."""
PHASES: Final = {
    Phase.IN_PROGRESS: "in_progress",
    Phase.WAITS_FOR_CUSTOMER: "waits",
    Phase.ENDED_WELL: "well",
    Phase.ENDED_BADLY: "badly",
    Phase.UNKNOWN: "unknown",
}
ME: Final = "me"
VERBS: Final[tuple[Parts, ...]] = (
    {"verb": "", "takes": "job", "ends": [], "says": "see a job, for you alone"},
    {
        "verb": "subscribe",
        "takes": "job",
        "ends": [*Level, ME],
        "says": "post its card here, and say when it needs you",
    },
    {"verb": "unsubscribe", "takes": "job", "ends": [ME], "says": "stop that"},
    {"verb": "details", "takes": "job", "ends": [], "says": "why it failed or was sent back, its history"},
    {"verb": "waiting", "takes": None, "ends": [], "says": "every job that waits for your team"},
    {"verb": "recent", "takes": None, "ends": [], "says": "the jobs that changed last"},
    {"verb": "list", "takes": None, "ends": [], "says": "what this channel follows"},
    {"verb": "list mine", "takes": None, "ends": [], "says": "your own subscriptions, wherever they are"},
    {"verb": "status", "takes": None, "ends": [], "says": "the bot itself, and what it can reach"},
    {"verb": "language", "takes": None, "ends": [], "says": "in which language the bot writes; add en or zh"},
    {"verb": "help", "takes": None, "ends": [], "says": "how to use it"},
)
"""The bot's commands, as the page completes them; each of ``ends`` may follow the job."""
ALSO: Final = (
    {"text": f"/invite @{BOT_NAME}", "says": "let the bot into this channel"},
    {"text": f"/remove @{BOT_NAME}", "says": "put the bot out of this channel"},
    {"text": "/archive", "says": "close this channel to everybody"},
    {"text": "/unarchive", "says": "open it again"},
)
WORKSPACE: Final = {
    "name": "VoiceJob demo",
    "team_id": TEAM_ID,
    "me": {"id": ALICE, "name": PEOPLE[ALICE]},
    "bot": {"id": BOT_USER, "name": BOT_NAME},
    "people": {**PEOPLE, BOT_USER: BOT_NAME},
    "command": COMMAND,
    "verbs": VERBS,
    "also": ALSO,
    "shortcut": SHORTCUT_NAME,
}


class PageView:
    """Computes the state of the page from a playground."""

    def __init__(self, ground: Playground) -> None:
        self._ground = ground
        words = words_in(ground.language)
        self._workspace = WORKSPACE | {
            "instance": ground.instance,
            "language": ground.language,
            "buttons": {
                "subscribe": words("button-subscribe"),
                "try_again": words("button-try-again"),
            },
        }
        self._cached: dict[str, tuple[Message, Parts]] = {}

    def parts(self) -> Parts:
        """Return everything that the page shows."""
        slack, jobs = self._ground.slack, self._ground.metastudio.jobs.items()
        return {
            "workspace": self._workspace,
            "world": self._world(),
            **{f"channel/{each.id}": self._channel(each, at) for at, each in enumerate(slack.channels)},
            **dict(self._messages()),
            **dict(self._views()),
            **dict(self._notes()),
            **{f"job/{key}": self._job(job, at) for at, (key, job) in enumerate(jobs)},
        }

    def _world(self) -> Parts:
        ground = self._ground
        return {
            "bot": {"state": ground.bot.state, "says": ground.bot.says, "starts": ground.bot.starts},
            "metastudio": ground.moods.metastudio,
            "slack": ground.moods.slack,
            "seconds_per_step": ground.clockwork.seconds,
            "speeds": SPEEDS,
        }

    def _channel(self, channel: Channel, position: int) -> Parts:
        kind = "direct" if channel.is_direct else "private" if channel.private else "public"
        return {
            "id": channel.id,
            "name": BOT_NAME if channel.is_direct else channel.name,
            "kind": kind,
            "bot_is_member": channel.bot_is_member,
            "archived": channel.archived,
            "can_type": not channel.archived and self._ground.slack.can_type(channel.id),
            "position": position,
        }

    def _messages(self) -> Iterator[tuple[str, Parts]]:
        before, self._cached = self._cached, {}
        for message in self._ground.slack.shown:
            if message.user in (None, ALICE):
                key = f"message/{message.channel}/{message.ts}"
                cached = before.get(key)
                value = cached[1] if cached and cached[0] is message else _message(message)
                self._cached[key] = message, value
                yield key, value

    def _views(self) -> Iterator[tuple[str, Parts]]:
        for key, views in (("home", self._ground.slack.homes), ("modal", self._ground.slack.modals)):
            if shown := views.get(ALICE):
                yield key, _view(shown)

    def _notes(self) -> Iterator[tuple[str, Parts]]:
        for number, note in enumerate(self._ground.notes):
            yield f"note/{number}", {**asdict(note), "thread_ts": None}
        for number, refused in enumerate(self._ground.slack.malformed):
            # A view stands in no channel: what is wrong with it is told where the app's Home tab is.
            channel = refused.channel or self._ground.slack.direct_channel(ALICE)
            yield f"note/refused-{number}", _refused(refused, channel)

    def _job(self, job: RawJob, position: int) -> Parts:
        meaning = meaning_of(job["state"])
        following = self._ground.metastudio.next_state(job["job_id"])
        return {
            "job_id": job["job_id"],
            "voice_name": job.get("voice_name", ""),
            "state": job["state"],
            "label": label(job["state"], ENGLISH),
            "phase": PHASES[meaning.phase],
            "step": meaning.step,
            "steps": step_names(ENGLISH),
            "times": job["reject_times"],
            "position": position,
            "is_over": following is None,
            "can_advance": following is not None,
            "can_send_back": job["state"] in SENT_BACK,
        }


def _view(view: View) -> Parts:
    title, close = (view.content.get(key) or {} for key in ("title", "close"))
    return {
        "id": view.id,
        "title": title.get("text", ""),
        "close": close.get("text", "Close"),
        "blocks": list(identified(view)),
    }


def _message(message: Message) -> Parts:
    return {
        "ts": message.ts,
        "channel": message.channel,
        "only_for_me": message.user is not None,
        "text": message.text,
        "blocks": list(identified(message)),
        "thread_ts": message.thread_ts,
        "reply_broadcast": message.reply_broadcast,
        "edited": message.edited,
        "author": message.author,
        "is_bot": message.bot_id is not None,
    }


def _refused(refused: Malformed, channel: str) -> Parts:
    what = "view" if refused.method.startswith("views.") else "message"
    problems = "; ".join(refused.problems) or "nothing more is known"
    return {
        "ts": f"{refused.at:.6f}",
        "channel": channel,
        "thread_ts": None,
        "kind": "refused",
        "text": f"Slack refused a {what} of the bot ({refused.method}: {refused.code}): {problems}",
    }
