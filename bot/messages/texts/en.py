"""PURE. What people read, in English. A text has ``{fields}``; whoever shows it fills them.

Nothing else of the bot is imported: ``bot.__main__`` needs these words before any library.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

_COPY_AGAIN: Final = (
    "Slack refuses {key} with the error {error}. Copy the token again from your app's page at Slack "
    "(api.slack.com/apps), under {page}; if the app was removed from the workspace, install it again."
)

ERRORS: Final[Mapping[str, str]] = {
    "VoiceJobError": ("Something went wrong inside the bot. Whoever runs it finds the details in its log."),
    "BadSettings": "VoiceJob can't start with these settings:\n  {problems}",
    "BadUsage": "I don't understand {text}.",
    "BadJobId": (
        "{text} can't be a job id. A job id has at most 64 letters, digits, hyphens and underscores: "
        "copy it from MetaStudio once more."
    ),
    "NoJobId": "I see no job id in {text}.",
    "SeveralJobIds": "I look up one job at a time, and there is more than one job id in {text}.",
    "BadLink": "I can't tell which job the link {text} means. Copy the job id itself from MetaStudio.",
    "OtherChannel": (
        "{text} names a channel, and I subscribe only the channel in which the command is typed: type it "
        "there, without the name."
    ),
    "OtherPerson": (
        "{text} names a person or a group, and I can tell only the channel where the command is typed, or "
        "you: leave the name out. To be told alone, type “me” in its place."
    ),
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
        f"{_COPY_AGAIN} If the app has a list of allowed IP addresses, see that this machine's is on it."
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
    "BeingStopped": "The bot is being restarted just now, so I have no answer. Try again in a minute.",
    "OutputLost": "What was printed could not be written to stdout: {reason}.",
    "PortTaken": (
        "The demo can't listen on port {port} ({reason}). Choose another one with --port, or let it find a "
        "free one with --port 0."
    ),
    "StoryFailed": "The demo found something wrong: {what}",
    "JobNotFound": (
        "MetaStudio has no job {job_id} in the project that I look in. Check the id; a job that was deleted, "
        "or that belongs to another project or region, can't be seen from here."
    ),
    "RequestRefused": (
        "MetaStudio refused to look up {job_id}: it calls the request invalid. Check the job id first; "
        "if it is right, whoever runs the bot finds MetaStudio's error code in its log."
    ),
    "CredentialsRefused": (
        "MetaStudio refuses the bot's credentials, so I can't look anything up. You did nothing wrong: "
        "whoever runs the bot should check its access key, IAM user or token, its region, and its clock."
    ),
    "PermissionDenied": (
        "MetaStudio does not allow the bot to do this. You did nothing wrong: whoever runs the bot should "
        "check the permissions and resources of its Huawei Cloud account."
    ),
    "WrongProject": (
        "MetaStudio does not know the project or the address that the bot is set up with. You did nothing "
        "wrong: whoever runs the bot should check its project id, region and endpoint."
    ),
    "Throttled": "MetaStudio is limiting requests from this account at the moment: try again in a minute.",
    "ServiceDown": "MetaStudio has a fault on its side at the moment: try again in a few minutes.",
    "Unreachable": (
        "I can't reach MetaStudio at the moment. Try again in a minute; if it goes on, whoever runs the bot "
        "should check its network, and the region and address of MetaStudio in its settings."
    ),
    "TimedOut": "MetaStudio took too long to answer. Try again in a minute: it may only be busy.",
    "UnreadableAnswer": (
        "I got an answer that I can't read, from MetaStudio or a proxy on the way. Try again in a minute; if "
        "it goes on, whoever runs the bot should check its endpoint and its network."
    ),
}
"""By the name of an error's class, with its variant after a full stop where it has one."""

CANNOT_POST: Final[Mapping[str, str]] = {
    "not_in_channel": "I am not a member of the channel.",
    "channel_not_found": "I am not a member of the channel, or it is not there any more.",
    "is_archived": "The channel is archived.",
    "is_inactive": "The channel is not active any more.",
    "no_permission": "I am not allowed to post in the channel.",
    "posting_to_channel_denied": "I am not allowed to post in the channel.",
    "ekm_access_denied": "Your organization's encryption settings keep me from posting in the channel.",
    "messages_tab_disabled": "My messages tab is switched off in the settings of the Slack app.",
    "cannot_dm_bot": "Slack lets no bot write to another one.",
    "user_not_found": "The person is not there any more.",
    "user_not_visible": "I am not allowed to see the person.",
    "user_disabled": "The person's account is switched off.",
}
"""By Slack's error code: true wherever it is read, in the channel or in a direct message about it."""
RESTRICTED: Final = "The workspace's rules do not let me post in the channel."
MALFORMED: Final = "Slack can't read my message, which is a mistake of mine."
NO_REASON: Final = "Slack refuses my messages."

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


class StateText(NamedTuple):
    """What people read of a job's state; ``next`` says what happens next, empty where nothing does."""

    label: str
    next: str
    to_do: str


_NOTHING: Final = "Nothing for you to do."
_LOOK: Final = "Check the job in the MetaStudio console."

STATES: Final[Mapping[str, StateText]] = {
    "CREATING": StateText(
        "Waiting for the recordings",
        "MetaStudio reviews the recordings.",
        "Upload the recordings and submit the job.",
    ),
    "SYSTEM_AUDITING": StateText(
        "In automatic review", "A person at MetaStudio reviews the recordings.", _NOTHING
    ),
    "AUDITING": StateText(
        "In manual review",
        "The recordings are prepared for training.",
        "Nothing for you to do. The review often takes a working day.",
    ),
    "WAITING_SPLIT": StateText(
        "Recordings waiting to be cut", "The recordings are cut into sentences.", _NOTHING
    ),
    "SPLITTING": StateText("Recordings being cut into sentences", "The sentences are annotated.", _NOTHING),
    "SPLIT_FAILED": StateText(
        "Cutting the recordings failed", "MetaStudio does not say who acts now.", _LOOK
    ),
    "ANNOTATING": StateText("Sentences being annotated", "The job joins the queue for training.", _NOTHING),
    "WAITING": StateText(
        "Waiting for training", "Training starts by itself when the queue allows.", _NOTHING
    ),
    "PROCESSING": StateText("In training", "MetaStudio reviews the result.", _NOTHING),
    "RESULT_REVIEW": StateText("Result in review at MetaStudio", "The finished model is uploaded.", _NOTHING),
    "USER_RESULT_REVIEW": StateText(
        "Waiting for you to judge the result",
        "The finished model is uploaded once the result is accepted.",
        "Listen to the result and accept or reject it.",
    ),
    "USER_REVIEW_REJECT": StateText(
        "Result rejected, being redone",
        "MetaStudio works on the voice again and shows a new result.",
        _NOTHING,
    ),
    "AUDIT_FAILED": StateText(
        "Review failed, new recordings needed",
        "MetaStudio reviews the new recordings.",
        "Upload new recordings and submit the job again.",
    ),
    "UPLOADING": StateText("Model being uploaded", "The voice is ready after the upload.", _NOTHING),
    "SUCCEED": StateText("Succeeded", "", "Find the voice under My Creations in the MetaStudio console."),
    "FAILED": StateText("Failed", "", "Fix the cause and create a new job, or ask Huawei Cloud support."),
    "gone": StateText("Deleted", "", "If it was deleted by mistake, create a new job."),
}
"""By MetaStudio's name of the state, and by GONE of ``bot.domain.jobs``."""
UNKNOWN_STATE: Final = StateText(
    "Unknown state", "Not known: MetaStudio has a state here that is new to the bot.", _LOOK
)
NO_STATE: Final = StateText("No state given", "Not known: MetaStudio did not say where the job is.", _LOOK)

STEPS: Final = (
    "Upload",
    "Automatic review",
    "Manual review",
    "Preparation",
    "Training",
    "Result review",
    "Model upload",
    "Done",
)
"""The usual path of a job, in order. Preparation takes in cutting, annotation and the queue."""

EDITIONS: Final[Mapping[str, str]] = {
    "BASIC": "Basic (20 sentences)",
    "MIDDLE": "Advanced (100 sentences)",
    "ADVANCE": "Premium",
    "THIRD_PARTY": "Third-party (DupDub)",
    "THIRD_PARTY_LJZN": "Third-party (AudioX)",
    "FLEXUS": "Flexus",
    "LLM_MAJOR": "LLM, Chinese and English",
    "LLM_MINOR": "LLM, other languages",
}
"""``job_type``. Advanced in English is MIDDLE; ADVANCE is premium. LLM_* stand only on the pages of 2024."""

SEXES: Final[Mapping[str, str]] = {"FEMALE": "Female", "MALE": "Male"}

LANGUAGES: Final[Mapping[str, str]] = {
    "CN": "Chinese",
    "EN": "English",
    "zh_CN": "Chinese",
    "en_US": "English",
    "ESP": "Spanish",
    "por": "Portuguese",
    "fr": "French",
}
"""``language``: CN and EN on the pages of voice training, the others elsewhere in MetaStudio."""

USES: Final[Mapping[str, str]] = {
    "ECOMMERCE": "E-commerce",
    "NEWS": "News",
    "MARKETING": "Marketing",
    "LIVE": "Livestreaming",
    "EDUCATION": "Education and training",
    "CUSTOMER": "Customer service",
    "STORYTELLING": "Storytelling",
}
"""``tag``."""

SUPPLIES: Final[Mapping[str, str]] = {"PACKAGE": "One package", "SEGMENT": "Sentence by sentence"}
"""``create_type``: how the recordings came."""
