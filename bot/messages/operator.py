"""PURE. What whoever runs the bot reads, in English like the log: errors that end a command, and readiness.

Nothing that has to be installed is imported: ``bot.__main__`` needs these words before any library.
"""

from collections.abc import Callable, Mapping
from typing import Final

from bot.errors import Unquoted, VoiceJobError

_COPY_AGAIN: Final = (
    "Slack refuses {key} with the error {error}. Copy it again from your app's page at api.slack.com/apps, "
    "under {page}; if the app was removed from the workspace, install it again."
)

ERRORS: Final[Mapping[str, str]] = {
    "VoiceJobError": ("Something went wrong inside the bot. Whoever runs it finds the details in its log."),
    "BadSettings": "VoiceJob can't work with these settings:\n  {problems}",
    "BadSettings.start": "VoiceJob can't start with these settings:\n  {problems}",
    "SlackRefused": (
        "Slack refuses {key} with the error {error}. Look for what this names on your app's page at Slack "
        "(api.slack.com/apps), or ask the workspace's administrators."
    ),
    "SlackRefused.account_inactive": _COPY_AGAIN,
    "SlackRefused.not_allowed_token_type": _COPY_AGAIN,
    "SlackRefused.not_authed": _COPY_AGAIN,
    "SlackRefused.token_expired": _COPY_AGAIN,
    "SlackRefused.token_revoked": _COPY_AGAIN,
    "SlackRefused.invalid_auth": (
        f"{_COPY_AGAIN} If the app has a list of allowed IP addresses, add this machine's."
    ),
    "SlackUnreachable": (
        "Slack can't be reached at {url} ({reason}). Check the network, the proxy and SLACK_API_URL."
    ),
    "SlackUnreachable.busy": (
        "Slack answers at {url}, but can't serve just now ({reason}). Try again in a minute."
    ),
    "SlackUnreachable.other": (
        "What answers at {url} is not Slack's API ({reason}). Check SLACK_API_URL and the proxy; if both are "
        "right, try again in a few minutes."
    ),
    "SlackUnreachable.certificate": "Slack can't be reached at {url}: {fault}",
    "StoreLocked": (
        "Another VoiceJob is using the store {path}. Stop that one first, or set VOICEJOB_STORE to another "
        "file."
    ),
    "StoreLocked.process": (
        "Another VoiceJob is using the store {path}. Stop that one first, or set VOICEJOB_STORE to another "
        "file. It is process {process}."
    ),
    "StoreNotWritable": (
        "The store {path} can't be written ({reason}). Set VOICEJOB_STORE to a file in a folder where the "
        "bot may write."
    ),
    "StoreNotWritable.foreign": (
        "The store {path} can't be used: {file} belongs to another user (number {owner}). Run this as that "
        "user, make it yours (chown), or set VOICEJOB_STORE to a file of yours."
    ),
    "StoreCorrupt": (
        "The store {path} can't be read ({reason}). It is damaged, or no store of VoiceJob: put a backup in "
        "its place, or move it away to start with an empty one."
    ),
    "StoreTooNew": (
        "The store {path} has format {version}, and this VoiceJob knows formats up to {known}: install the "
        "version that wrote it, or a later one."
    ),
    "StoreNotCopied": (
        "An earlier VoiceJob wrote the store {path}. Before it is converted, a copy is to be kept at {copy}, "
        "and that failed ({reason}). Nothing was changed: make room there, then start the bot again."
    ),
    "StoreTrouble": (
        "The bot can't write to its disk just now, so nothing was changed. Whoever runs it finds the reason "
        "in its log; try again when that is mended."
    ),
    "AddressTaken": (
        "The bot can't listen on {address} ({reason}). Set VOICEJOB_HOST and PORT to an address that is free."
    ),
    "PartBroken": (
        "A part of the bot, its {part}, broke ({reason}), so the bot ends. Its log has the details."
    ),
    "OutputLost": "What was printed could not be written to stdout: {reason}.",
    "PortTaken": (
        "The demo can't listen on port {port} ({reason}). Choose another one with --port, or let it find a "
        "free one with --port 0."
    ),
    "StoryFailed": "The demo found something wrong: {what}",
}
"""By the name of an error's class, with its variant after a full stop where it has one."""

_CHECK: Final = "`voicejob check` says what to do, and a new setting needs a restart, but no secret's file."
NOT_CONNECTED: Final = "The bot is not connected to Slack."
SLACK_REFUSES_BOT: Final = (
    "Slack refuses the bot's messages ({code}): `voicejob check` says what to do, and a new token needs a "
    "restart."
)
NOT_CHECKING: Final = f"{{fault}}; {{since}}: {_CHECK}"
LAST_ANSWER: Final = "its last good answer is {seconds:.0f} seconds old"
NO_ANSWER_YET: Final = "it has given no good answer since the start"
METASTUDIO_FAULTS: Final[Mapping[str, str]] = {
    "RequestRefused": "MetaStudio calls the bot's requests invalid",
    "CredentialsRefused": "MetaStudio refuses the bot's credentials",
    "PermissionDenied": "MetaStudio does not allow what the bot asks for",
    "WrongProject": "MetaStudio does not know the bot's project or address",
    "Throttled": "MetaStudio limits the requests of this account",
    "ServiceDown": "MetaStudio has a fault",
    "Unreachable": "MetaStudio can't be reached",
    "TimedOut": "MetaStudio takes too long to answer",
    "UnreadableAnswer": "MetaStudio's answer can't be read",
    "StoreTrouble": "MetaStudio is not asked while the store fails",
}
"""By the name of an error's class: why jobs are not checked."""
OTHER_FAULT: Final = "MetaStudio gives no good answer"
NO_ANSWER: Final = "MetaStudio does not answer"
DELIVERY_REFUSED: Final = (
    "Slack refuses the bot; nothing is lost, and it tries again: `voicejob check` says what to do, and a new "
    "token needs a restart"
)
STORE_HANGS: Final = "The disk of the store does not answer."
"""What ``/readyz`` and the log say to whoever runs the bot."""


def sentence(error: VoiceJobError, quote: Callable[[str], str] = "“{}”".format) -> str:
    """Return an error's sentence, with each value from outside in quotes."""
    text = ERRORS.get(error.key) or ERRORS.get(type(error).__name__) or ERRORS["VoiceJobError"]
    values = error.values.items()
    return text.format_map(
        {key: value if isinstance(value, Unquoted) else quote(value) for key, value in values}
    )
