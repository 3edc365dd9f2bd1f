"""PURE. Everything that can go wrong, as one tree.

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
│   ├── StoreNotCopied     no copy of an earlier version's can be kept
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

The sentence that people read for an error is in ``bot.messages.texts``, found by the name of its class.
"""

from typing import ClassVar


class Unquoted(str):
    """A value that is safe wherever it is shown: a number, or words of our own."""

    __slots__ = ()


class VoiceJobError(Exception):
    """Base of all errors that VoiceJob raises itself.

    ``values`` fill the fields of the error's sentence; ``variant`` chooses the sentence where a class has
    several.
    """

    may_pass: ClassVar[bool] = True
    """Whether a person may have more luck in a while, with nothing changed."""
    exit_code: ClassVar[int] = 1
    """Of a command that the error ends: 2 where the settings or the arguments are wrong."""

    def __init__(self, variant: str = "", /, **values: str) -> None:
        super().__init__()
        self.variant = variant
        self.values = values

    @property
    def key(self) -> str:
        """The error's code: the name of its class, with its variant where it has one."""
        return f"{type(self).__name__}.{self.variant}" if self.variant else type(self).__name__

    def __str__(self) -> str:
        values = (f"{name}={value or '-'}" for name, value in self.values.items())
        return " ".join([type(self).__name__, *values])


class BadSettings(VoiceJobError):
    """Settings are missing or wrong; ``problems`` has a line for each, with the key in front.

    ``hint`` is a line after them. The variant ``start`` is of those that keep the bot from starting.
    """

    exit_code = 2

    def __init__(self, problems: list[str], *, variant: str = "", hint: str = "") -> None:
        super().__init__(variant, problems=Unquoted("\n  ".join(problems) + (hint and f"\n{hint}")))
        self.problems = problems


class BadUsage(VoiceJobError):
    """A person typed something that is no command; ``meant`` is what they may have wanted, or empty."""

    may_pass = False
    exit_code = 2

    def __init__(self, text: str, *, meant: str = "") -> None:
        super().__init__(text=text)
        self.meant = meant


class BadJobId(BadUsage):
    """What a person typed can't be a job id. No page promises a form; the examples are mostly UUIDs."""


class NoJobId(BadUsage):
    """A person typed several words, and none is the id of a job."""


class SeveralJobIds(BadUsage):
    """A person typed the ids of several jobs."""


class BadLink(BadUsage):
    """A pasted link holds no job id, or several."""


class SlackError(VoiceJobError):
    """Slack keeps the bot from starting, or from going on."""


class SlackRefused(SlackError):
    """Slack answered, and refuses the token in ``key``; ``error`` is Slack's own code for why.

    ``page`` is where Slack shows that token.
    """

    def __init__(self, *, key: str, error: str, page: str) -> None:
        super().__init__(error, key=key, error=error, page=Unquoted(page))


class SlackUnreachable(SlackError):
    """Slack gave no usable answer at ``url``.

    Variants: ``busy`` when it can't serve just now, ``other`` when it is not Slack's API that answers, and
    ``certificate``, with what is wrong with it in ``fault``.
    """


class StoreError(VoiceJobError):
    """The store of subscriptions at ``path`` can't be used."""


class StoreLocked(StoreError):
    """Another process uses the store; ``process`` is its number, None where that is not known."""

    def __init__(self, *, path: str, process: int | None = None) -> None:
        super().__init__("process" if process else "", path=path, process=Unquoted(process or ""))
        self.process = process


class StoreNotWritable(StoreError):
    """The store's file can't be opened, made or written; ``reason`` is the system's own word.

    ``foreign`` is what belongs to another user, the file or its folder, and that user's number.
    """

    def __init__(self, *, path: str, reason: str, foreign: tuple[str, int] | None = None) -> None:
        file, owner = foreign or ("", "")
        super().__init__(
            "foreign" if foreign else "", path=path, reason=reason, file=file, owner=Unquoted(owner)
        )


class StoreCorrupt(StoreError):
    """The file is damaged, or is no store at all."""


class StoreTooNew(StoreError):
    """A later version of VoiceJob wrote the store."""


class StoreNotCopied(StoreError):
    """An earlier version wrote the store, and no copy of it can be kept at ``copy`` before its conversion."""


class StoreTrouble(StoreError):
    """While the bot runs, the disk does not let it write or read; what is kept stays as it was."""


class AddressTaken(VoiceJobError):
    """The bot can't listen on its address."""


class PartBroken(VoiceJobError):
    """A part of the bot broke, or ended by itself: its supervisor should start it again."""


class BeingStopped(VoiceJobError):
    """The bot ends before it has an answer."""


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
        """Format the error for the log, with what the person is not shown."""
        parts = [f"status={self.status}", f"code={self.code or '-'}", f"request={self.request_id or '-'}"]
        if self.__cause__ is not None:
            # What it says may quote a header of the request, and so a token.
            parts.append(f"cause={type(self.__cause__).__name__}")
        return " ".join([type(self).__name__, *parts])


class JobNotFound(MetaStudioError):
    """MetaStudio has no such job: a wrong id, a deleted job, or one of another project or region."""


class RequestRefused(MetaStudioError):
    """MetaStudio calls the request invalid."""


class CredentialsRefused(MetaStudioError):
    """MetaStudio or IAM refuses the bot's key, signature or token."""


class PermissionDenied(MetaStudioError):
    """MetaStudio knows the bot but does not allow the request."""


class WrongProject(MetaStudioError):
    """Project, region or address are not what MetaStudio expects: a matter of settings."""


class Throttled(MetaStudioError):
    """Too many requests from this account (gateway code APIGW.0308)."""

    may_pass = True
    transient = True


class ServiceDown(MetaStudioError):
    """MetaStudio or its gateway is broken."""

    may_pass = True
    transient = True


class Unreachable(ServiceDown):
    """There is no connection to MetaStudio, or it broke."""


class TimedOut(MetaStudioError):
    """MetaStudio took too long."""

    may_pass = True
    transient = True


class UnreadableAnswer(MetaStudioError):
    """What answered said something that is neither a job nor a refusal in MetaStudio's form."""

    may_pass = True
