"""PURE. Everything that can go wrong, as one tree; each error carries the sentence that a person may read.

VoiceJobError
├── BadSettings            the environment is incomplete or wrong
├── BadUsage               what a person typed is no command
│   ├── BadJobId           what a person typed can't be a job id
│   ├── NoJobId            among what a person typed is no job id
│   ├── SeveralJobIds      there is more than one
│   └── BadLink            what a person pasted names no job, or several
├── SlackError             Slack keeps the bot from starting
│   ├── SlackRefused       it refuses a token
│   └── SlackUnreachable   it can't be reached, or can't serve
├── StoreError             the store of subscriptions can't be used
│   ├── StoreLocked        another bot uses it
│   ├── StoreNotWritable   its file can't be opened or written
│   ├── StoreCorrupt       its file is damaged, or something else
│   ├── StoreTooNew        a later version of VoiceJob wrote it
│   └── StoreTrouble       the disk does not let the bot write or read just now
├── AddressTaken           the HTTP address can't be listened on
├── PartBroken             a part of the bot broke, so all of it ends
├── BeingStopped           the bot ends before it has an answer
└── MetaStudioError        MetaStudio gave no job
    ├── JobNotFound        it has no such job
    ├── RequestRefused     it calls the request invalid
    ├── CredentialsRefused it refuses the bot's key or token
    ├── PermissionDenied   it knows the bot but does not let it
    ├── WrongProject       project, region or address are not its own
    ├── Throttled          too many requests
    ├── ServiceDown        it is broken
    │   └── Unreachable    no connection to it
    ├── TimedOut           it took too long
    └── UnreadableAnswer   what came is no job, and no refusal of its own

Sentences hold values from outside as ``{name}``. Whoever shows a sentence says how such a value is quoted,
since only the surface (Slack, a terminal) knows what is safe on it.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

COPY_AGAIN: Final = (
    "Copy the token again from your app's page at Slack (api.slack.com/apps), under {page}; if the app was "
    "removed from the workspace, install it again."
)
PAGES: Final = {
    "SLACK_BOT_TOKEN": "OAuth & Permissions",
    "SLACK_APP_TOKEN": "Basic Information, App-Level Tokens",
}
"""Where Slack shows a token, by its key."""


class VoiceJobError(Exception):
    """Base of all errors that VoiceJob raises itself."""

    says: ClassVar[str] = "Something went wrong inside the bot. Whoever runs it finds the details in its log."
    may_pass: ClassVar[bool] = True
    """Whether a person may have more luck in a while, with nothing changed."""

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.values = values

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """Say what happened, whose fault it is and what to do; ``quote`` wraps each value from outside."""
        return self.says.format_map({name: quote(value) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.sentence()


class BadSettings(VoiceJobError):
    """Settings are missing or wrong; ``problems`` has a line for each, with the key in front."""

    says = "VoiceJob can't start with these settings:"

    def __init__(self, problems: list[str]) -> None:
        super().__init__()
        self.problems = problems

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """List every problem at once, so that one round is enough to mend them."""
        return "\n".join([super().sentence(quote), *(f"  {problem}" for problem in self.problems)])


class BadUsage(VoiceJobError):
    """A person typed something that is no command; ``meant`` is what they may have wanted, or empty."""

    says = "I don't understand {text}."
    may_pass = False

    def __init__(self, text: str, *, meant: str = "") -> None:
        super().__init__(text=text)
        self.meant = meant


class BadJobId(BadUsage):
    """What a person typed can't be a job id. No page promises a form; the examples are mostly UUIDs."""

    says = (
        "{text} can't be a job id. A job id has at most 64 letters, digits, hyphens and underscores: "
        "copy it from MetaStudio once more."
    )


class NoJobId(BadUsage):
    """A person typed several words, and none is the id of a job."""

    says = "I see no job id in {text}."


class SeveralJobIds(BadUsage):
    """A person typed the ids of several jobs."""

    says = "I look up one job at a time, and there is more than one job id in {text}."


class BadLink(BadUsage):
    """A pasted link holds no job id, or several."""

    says = "I can't tell which job the link {text} means. Copy the job id itself from MetaStudio."


class SlackError(VoiceJobError):
    """Slack keeps the bot from starting, or from going on."""


class SlackRefused(SlackError):
    """Slack answered, and refuses the token in ``key``; ``error`` is Slack's own code for why."""

    says = "Slack refuses {key} with the error {error}."
    remedies: ClassVar[Mapping[str, str]] = {
        "account_inactive": COPY_AGAIN,
        "not_allowed_token_type": COPY_AGAIN,
        "not_authed": COPY_AGAIN,
        "token_expired": COPY_AGAIN,
        "token_revoked": COPY_AGAIN,
        "invalid_auth": f"{COPY_AGAIN} If the app has a list of allowed IP addresses, see that this "
        "machine's is on it.",
    }
    """By Slack's code, where that is about the token."""
    other_remedy: ClassVar[str] = (
        "Look for what this names on your app's page at Slack (api.slack.com/apps), or ask the workspace's "
        "administrators."
    )

    def __init__(self, *, key: str, error: str) -> None:
        super().__init__(key=key, error=error)

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """Say what to do, too, as far as the code tells."""
        remedy = self.remedies.get(self.values["error"], self.other_remedy)
        return f"{super().sentence(quote)} {remedy.format(page=PAGES[self.values['key']])}"


class SlackUnreachable(SlackError):
    """Slack gave no usable answer at ``url``.

    ``busy`` if it answered that it can't serve just now, ``other`` if what answered is not Slack's API;
    ``certificate`` says what is wrong with its certificate, or is empty.
    """

    says = "Slack can't be reached at {url} ({reason}). Check the network, the proxy and SLACK_API_URL."

    def __init__(
        self, *, url: str, reason: str, busy: bool = False, other: bool = False, certificate: str = ""
    ) -> None:
        super().__init__(url=url, reason=reason)
        self.certificate = certificate
        self.busy = busy
        self.other = other

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """Blame what is at fault, as far as that is known."""
        url, reason = (quote(self.values[name]) for name in ("url", "reason"))
        if self.certificate:
            return f"Slack can't be reached at {url}: {self.certificate}"
        if self.busy:
            return f"Slack answers at {url}, but can't serve just now ({reason}). Try again in a minute."
        if self.other:
            return (
                f"What answers at {url} is not Slack's API ({reason}). Check SLACK_API_URL and the proxy; if "
                "both are right, try again in a few minutes."
            )
        return super().sentence(quote)


class StoreError(VoiceJobError):
    """The store of subscriptions at ``path`` can't be used."""

    def __init__(self, *, path: str, **values: str) -> None:
        super().__init__(path=path, **values)


class StoreLocked(StoreError):
    """Another process uses the store; ``process`` is its number, None where that is not known."""

    says = (
        "Another VoiceJob is using the store {path}. Stop that one first, or set VOICEJOB_STORE to another "
        "file."
    )

    def __init__(self, *, path: str, process: int | None = None) -> None:
        super().__init__(path=path)
        self.process = process

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """Say who has it, too: a number is safe on every surface."""
        who = f" It is process {self.process}." if self.process else ""
        return super().sentence(quote) + who


class StoreNotWritable(StoreError):
    """The store's file can't be opened, made or written; ``reason`` is the system's own word.

    ``foreign`` is what belongs to another user, the file or its folder, and that user's number.
    """

    says = (
        "The store {path} can't be written ({reason}). Set VOICEJOB_STORE to a file in a folder where the "
        "bot may write."
    )

    def __init__(self, *, path: str, reason: str, foreign: tuple[str, int] | None = None) -> None:
        super().__init__(path=path, reason=reason)
        self.foreign = foreign

    def sentence(self, quote: Callable[[str], str] = "“{}”".format) -> str:
        """Say whose it is, where that is the reason."""
        if self.foreign is None:
            return super().sentence(quote)
        return (
            f"The store {quote(self.values['path'])} can't be used: {quote(self.foreign[0])} belongs to "
            f"another user (number {self.foreign[1]}). Run this as that user, make it yours (chown), or set "
            "VOICEJOB_STORE to a file of yours."
        )


class StoreCorrupt(StoreError):
    """The file is damaged, or is no store at all."""

    says = (
        "The store {path} can't be read ({reason}). It is damaged, or no store of VoiceJob: put a backup in "
        "its place, or move it away to start with an empty one."
    )


class StoreTooNew(StoreError):
    """A later version of VoiceJob wrote the store."""

    says = (
        "The store {path} has format {version}, and this VoiceJob knows formats up to {known}: install the "
        "version that wrote it, or a later one."
    )


class StoreTrouble(StoreError):
    """While the bot runs, the disk does not let it write or read; what is kept stays as it was."""

    says = (
        "The bot can't write to its disk just now, so nothing was changed. Whoever runs it finds the reason "
        "in its log; try again when that is mended."
    )

    def __init__(self, *, path: str, reason: str = "") -> None:
        super().__init__(path=path)
        self.reason = reason

    def __str__(self) -> str:
        """Say for the log what the person is not shown."""
        return f"{type(self).__name__} path={self.values['path']} reason={self.reason or '-'}"


class AddressTaken(VoiceJobError):
    """The bot can't listen on its address."""

    says = (
        "The bot can't listen on {address} ({reason}). Set VOICEJOB_HOST and PORT to an address that is free."
    )

    def __init__(self, *, address: str, reason: str) -> None:
        super().__init__(address=address, reason=reason)


class PartBroken(VoiceJobError):
    """A part of the bot broke, or ended by itself: its supervisor should start it again."""

    says = "A part of the bot, its {part}, broke ({reason}), so the bot ends. Its log has the details."

    def __init__(self, *, part: str, reason: str) -> None:
        super().__init__(part=part, reason=reason)


class BeingStopped(VoiceJobError):
    """The bot ends before it has an answer."""

    says = "The bot is being restarted just now, so I have no answer. Try again in a minute."


class MetaStudioError(VoiceJobError):
    """MetaStudio gave no job.

    ``status`` is the HTTP status, ``code`` MetaStudio's or the gateway's error code, ``request_id`` what
    Huawei Cloud's support asks for; each is 0 or empty where there was none.
    ``retry_after`` is in seconds, None where MetaStudio named no time.
    """

    may_pass = False
    transient: ClassVar[bool] = False
    """Whether the bot itself tries the same request again at once."""

    def __init__(
        self,
        *,
        job_id: str = "",
        status: int = 0,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(job_id=job_id)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Say for the log what the person is not shown."""
        parts = [f"status={self.status}", f"code={self.code or '-'}", f"request={self.request_id or '-'}"]
        if self.__cause__ is not None:
            # What it says may quote a header of the request, and so a token.
            parts.append(f"cause={type(self.__cause__).__name__}")
        return " ".join([type(self).__name__, *parts])


class JobNotFound(MetaStudioError):
    """MetaStudio has no such job: a wrong id, a deleted job, or one of another project or region."""

    says = (
        "MetaStudio has no job {job_id} in the project that I look in. Check the id; a job that was deleted, "
        "or that belongs to another project or region, can't be seen from here."
    )


class RequestRefused(MetaStudioError):
    """MetaStudio calls the request invalid."""

    says = (
        "MetaStudio refused to look up {job_id}: it calls the request invalid. Check the job id first; "
        "if it is right, whoever runs the bot finds MetaStudio's error code in its log."
    )


class CredentialsRefused(MetaStudioError):
    """MetaStudio or IAM refuses the bot's key, signature or token."""

    says = (
        "MetaStudio refuses the bot's credentials, so I can't look anything up. You did nothing wrong: "
        "whoever runs the bot should check its access key, IAM user or token, its region, and its clock."
    )


class PermissionDenied(MetaStudioError):
    """MetaStudio knows the bot but does not allow the request."""

    says = (
        "MetaStudio does not allow the bot to do this. You did nothing wrong: whoever runs the bot should "
        "check the permissions and resources of its Huawei Cloud account."
    )


class WrongProject(MetaStudioError):
    """Project, region or address are not what MetaStudio expects: a matter of settings."""

    says = (
        "MetaStudio does not know the project or the address that the bot is set up with. You did nothing "
        "wrong: whoever runs the bot should check its project id, region and endpoint."
    )


class Throttled(MetaStudioError):
    """Too many requests from this account (gateway code APIGW.0308)."""

    says = "MetaStudio is limiting requests from this account at the moment: try again in a minute."
    may_pass = True
    transient = True


class ServiceDown(MetaStudioError):
    """MetaStudio or its gateway is broken."""

    says = "MetaStudio has a fault on its side at the moment: try again in a few minutes."
    may_pass = True
    transient = True


class Unreachable(ServiceDown):
    """There is no connection to MetaStudio, or it broke."""

    says = (
        "I can't reach MetaStudio at the moment. Try again in a minute; if it goes on, whoever runs the bot "
        "should check its network, and the region and address of MetaStudio in its settings."
    )


class TimedOut(MetaStudioError):
    """MetaStudio took too long."""

    says = "MetaStudio took too long to answer. Try again in a minute: it may only be busy."
    may_pass = True
    transient = True


class UnreadableAnswer(MetaStudioError):
    """What answered said something that is neither a job nor a refusal in MetaStudio's form."""

    says = (
        "I got an answer that I can't read, from MetaStudio or a proxy on the way. Try again in a minute; if "
        "it goes on, whoever runs the bot should check its endpoint and its network."
    )
    may_pass = True
