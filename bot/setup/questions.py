"""PURE. What is asked: which questions, what each offers, and what becomes of what was typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.config import problem_with
from bot.process.secret_files import SecretFileError
from bot.process.sources import SECRET_KEYS, Given, field_of

_SHOWN: Final = 4
"""How many characters of a secret are shown, at its end."""
_SHORTEST: Final = 16
"""Characters: of a shorter secret nothing is shown."""
_AROUND: Final = " \t\"'`“”\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
"""Blanks and quotes, which are copied along with a value, and belong to none."""
ANOTHER_SIGN_IN: Final = ("HUAWEICLOUD_IAM_USER", "HUAWEICLOUD_IAM_PASSWORD", "METASTUDIO_AUTH_TOKEN")
"""Keys of the ways to sign in that are not asked for."""
_PROJECT_ID: Final = re.compile("[0-9a-f]{32}", re.IGNORECASE)
"""What the ids of projects look like; no page promises it."""
NO_PROJECT_ID: Final = (
    "This looks like the project's name. Its id has 32 characters, 0 to 9 and a to f, and stands beside the "
    "name. If it is the id all the same, go on."
)


@dataclass(frozen=True)
class Question:
    """A key, what it is and where its value is found, and what is offered where none is set."""

    key: str
    about: str
    default: str = ""

    @property
    def is_secret(self) -> bool:
        """Whether nothing that is typed may be shown."""
        return self.key in SECRET_KEYS


BOT_TOKEN: Final = Question(
    "SLACK_BOT_TOKEN",
    "The bot token, xoxb-…: at api.slack.com/apps, your app, OAuth & Permissions, Bot User OAuth Token. "
    "No app yet? `voicejob manifest` (HTTP mode: with --url) prints a link that makes it.",
)
APP_TOKEN: Final = Question(
    "SLACK_APP_TOKEN",
    "The app-level token, xapp-…: your app's Basic Information, App-Level Tokens, Generate Token and Scopes, "
    "with the scope connections:write.",
)
SIGNING_SECRET: Final = Question(
    "SLACK_SIGNING_SECRET",
    "The signing secret: your app's Basic Information, App Credentials, Signing Secret.",
)
REGION: Final = Question(
    "METASTUDIO_REGION",
    "The region of your voice jobs, which the Huawei Cloud console shows at its top left: cn-north-4 "
    "(Beijing4), cn-east-3 (Shanghai1) or ap-southeast-3 (Singapore).",
    "cn-north-4",
)
PROJECT: Final = Question(
    "HUAWEICLOUD_SDK_PROJECT_ID",
    "The project's id: in the console, your name at the top right, My Credentials, API Credentials, Project "
    "ID in that region's row.",
)
ACCESS_KEY: Final = Question(
    "HUAWEICLOUD_SDK_AK",
    "The access key of an IAM user who has the system policy MetaStudio ReadOnlyAccess: signed in as that "
    "user, My Credentials, Access Keys, Create Access Key. The file that you get has both parts. First the "
    "Access Key Id:",
)
SECRET_KEY: Final = Question("HUAWEICLOUD_SDK_SK", "Then the Secret Access Key:")
LANGUAGE: Final = Question(
    "VOICEJOB_LANGUAGE", "The bot's language where nobody chose another one: en or zh.", "en"
)
TIME_ZONE: Final = Question(
    "VOICEJOB_TIMEZONE",
    "Your team's time zone, such as Asia/Shanghai. Reminders come from Monday to Friday, 09:00 to 18:00 "
    "there, unless VOICEJOB_REMIND_WHEN is set.",
    "UTC",
)
CONSOLE: Final = Question(
    "VOICEJOB_CONSOLE_URL",
    "Optional: the address of a job's page in your MetaStudio console, with {job_id} in the place of the "
    "job's id. With it, cards have the button “Open console”, and each “Your turn” has a link.",
)
STORE: Final = Question(
    "VOICEJOB_STORE", "The file for subscriptions, in a folder that exists and that this user may write."
)


def sign_in(given: Given) -> tuple[Question, ...]:
    """Return what is asked in order to sign in to MetaStudio: nothing where another way is set already."""
    has_key = any(question.key.lower() in given.values for question in (ACCESS_KEY, SECRET_KEY))
    is_other = any(key.lower() in given.values for key in ANOTHER_SIGN_IN)
    return () if is_other and not has_key else (ACCESS_KEY, SECRET_KEY)


def not_asked(key: str, given: Given) -> str | None:
    """Return why a key is not asked for: its value is not from ``.env``, which could change nothing then."""
    name = field_of(key)
    if isinstance(wrong := given.values.get(name), SecretFileError):
        return f"{wrong}."
    if (file := given.files.get(name)) and file.named_by != key:
        return f"{key}: kept in the file that {file.named_by} names."
    if name in given.outside:
        where = "systemd gives it (LoadCredential)" if file else "set in the environment (it wins over .env)"
        return f"{key}: {where}."
    return None


def offered(question: Question, given: Given) -> str:
    """Return the value that Enter keeps: what is set, unless it is wrong; else the default, or nothing."""
    value = given.values.get(field_of(question.key))
    if isinstance(value, str) and problem_with(question.key, value) is None:
        return value
    return question.default


def prompt(question: Question, value: str) -> str:
    """Return the words before the cursor; ``value`` is what Enter takes, of a secret its end at most."""
    hidden = " (hidden)" if question.is_secret else ""
    if value and question.is_secret:
        value = f"set: …{value[-_SHOWN:]}" if len(value) >= _SHORTEST else "set"
    return f"{question.key}{hidden}{value and f' [{value}]'}: "


def cleaned(key: str, typed: str) -> str:
    """Return what was meant: without blanks and quotes around it, and without ``KEY=`` before it."""
    return re.sub(rf"\A(export\s+)?{key}\s*=", "", typed.strip()).strip(_AROUND)


def refused(key: str, value: str) -> str | None:
    """Return why a key can't have a value, in the words of the settings; None if it can."""
    if not value.isprintable():
        return f"{key}: has a character that can't be shown: type or copy it again"
    return problem_with(key, value)


def doubt(key: str, value: str) -> str | None:
    """Return why a value that a key can have is perhaps not what was meant; None if nothing says so."""
    return NO_PROJECT_ID if key == PROJECT.key and not _PROJECT_ID.fullmatch(value) else None


def lacking(asked: Sequence[Question], given: Given) -> list[str]:
    """Return the keys of those questions whose value is missing or wrong."""
    values = {question.key: given.values.get(field_of(question.key)) for question in asked}
    return [key for key, value in values.items() if not isinstance(value, str) or problem_with(key, value)]


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return those of the new values that differ from what ``.env`` has."""
    return {key: value for key, value in new.items() if old.get(key, "") != value}


def is_http_mode(given: Given) -> bool:
    """Whether what is set means HTTP mode."""
    return "slack_signing_secret" in given.values and "slack_app_token" not in given.values


def without_app_token(in_file: Mapping[str, str]) -> dict[str, str]:
    """Return what switches Socket Mode off: it goes before HTTP mode."""
    return {key: "" for key in ("SLACK_APP_TOKEN", "SLACK_APP_TOKEN_FILE") if key in in_file}
