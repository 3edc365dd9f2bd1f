"""The Slack app's manifests: valid by Slack's rules, and neither more nor less than what the code uses."""

import ast
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError
from slack_bolt.async_app import AsyncApp

from bot.domain.workspace import Workspace
from bot.listeners import register
from bot.listeners.commands import COMMAND
from bot.listeners.replies import Replies
from bot.services import Services
from bot.simulators.slack.web_api import METHODS
from bot.simulators.slack.workspace import BOT_TOKEN
from bot.slack.http_mode import EVENTS_PATH
from bot.slack.manifest import address, as_yaml, manifest, new_app_link
from bot.telemetry.metrics import Metrics
from tests.test_cli import voicejob

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "manifest.yaml"
HOST = "https://voice.example.com"
URL = f"{HOST}{EVENTS_PATH}"


class Part(BaseModel):
    """A part of a manifest: Slack refuses keys that it does not know, and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


Text35 = Annotated[str, Field(min_length=1, max_length=35)]
Text80 = Annotated[str, Field(min_length=1, max_length=80)]
Text140 = Annotated[str, Field(min_length=1, max_length=140)]
Text1000 = Annotated[str, Field(min_length=1, max_length=1000)]
Text2000 = Annotated[str, Field(min_length=1, max_length=2000)]
LongText = Annotated[str, Field(min_length=175, max_length=4000)]


class Metadata(Part):
    major_version: Literal[1, 2]


class DisplayInformation(Part):
    name: Text35
    description: Text140 | None = None
    background_color: Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}){1,2}$")] | None = None
    long_description: LongText | None = None


class BotUser(Part):
    display_name: Text80
    always_online: bool | None = None


class SlashCommand(Part):
    command: Annotated[str, Field(pattern=r"^/[^\s]+$", max_length=32)]
    description: Text2000
    usage_hint: Text1000 | None = None
    should_escape: bool | None = None
    url: HttpUrl | None = None


class AppHome(Part):
    home_tab_enabled: bool | None = None
    messages_tab_enabled: bool | None = None
    messages_tab_read_only_enabled: bool | None = None


class Features(Part):
    app_home: AppHome | None = None
    bot_user: BotUser | None = None
    slash_commands: Annotated[list[SlashCommand], Field(min_length=1, max_length=50)] | None = None


class Scopes(Part):
    bot: list[str] | None = None


class OauthConfig(Part):
    scopes: Scopes


class Interactivity(Part):
    is_enabled: bool
    request_url: HttpUrl | None = None


class SettingsPart(Part):
    interactivity: Interactivity | None = None
    org_deploy_enabled: bool | None = None
    socket_mode_enabled: bool | None = None
    token_rotation_enabled: bool | None = None


class Manifest(Part):
    """The rules of Slack's manifest schema (major versions 1 and 2), for the keys that we use."""

    metadata: Annotated[Metadata, Field(alias="_metadata")]
    display_information: DisplayInformation
    features: Features
    oauth_config: OauthConfig
    settings: SettingsPart


@pytest.fixture
def written() -> dict[str, Any]:
    return parsed(MANIFEST.read_text())


def parsed(text: str) -> dict[str, Any]:
    return TypeAdapter(dict[str, Any]).validate_python(yaml.safe_load(text))


def test_the_file_is_the_one_that_is_made(written: dict[str, Any]) -> None:
    """There is one source; as YAML, it comes through unchanged."""
    assert written == parsed(as_yaml(manifest())) == manifest()


@pytest.mark.parametrize("host", [None, HOST], ids=["socket mode", "http mode"])
def test_the_manifest_keeps_slacks_rules(host: str | None) -> None:
    """Slack would take each manifest as it stands."""
    Manifest.model_validate(parsed(as_yaml(manifest(host))))


def test_the_manifest_of_http_mode_has_the_addresses() -> None:
    """Each thing that Slack would call has the bot's address; nothing else differs."""
    by_http = manifest(HOST)
    read = Manifest.model_validate(by_http)

    assert read.settings.socket_mode_enabled is False
    assert str(read.settings.interactivity and read.settings.interactivity.request_url) == URL
    assert [str(command.url) for command in read.features.slash_commands or []] == [URL]
    del by_http["features"]["slash_commands"][0]["url"], by_http["settings"]["interactivity"]["request_url"]
    assert by_http["settings"].pop("socket_mode_enabled") is False
    by_socket = manifest()
    assert by_socket["settings"].pop("socket_mode_enabled") is True
    assert by_http == by_socket


@pytest.mark.parametrize("host", [None, HOST], ids=["socket mode", "http mode"])
def test_the_link_holds_the_manifest(host: str | None) -> None:
    """Slack's page gets what was printed, whatever is in it."""
    text = as_yaml(manifest(host))
    link = urlsplit(new_app_link(text))

    assert (link.scheme, link.netloc, link.path) == ("https", "api.slack.com", "/apps")
    assert parse_qs(link.query, strict_parsing=True) == {"new_app": ["1"], "manifest_yaml": [text]}
    assert link.fragment == ""


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (HOST, HOST),
        (f"{HOST}/", HOST),
        ("HTTPS://Voice.Example.com", "https://voice.example.com"),
        ("https://voice.example.com:8443", "https://voice.example.com:8443"),
        ("https://voice.example.com:443/", "https://voice.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_is_read(given: str, read: str) -> None:
    """A slash at its end does no harm."""
    assert address(given) == read


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "an address like"),
        (" ", "without a blank"),
        (f" {HOST}", "without a blank"),
        (f"{HOST}\n", "without a blank"),
        ("https://voice example.com", "without a blank"),
        ("voice.example.com", "an address like"),
        ("http://voice.example.com", "begin with https://"),
        ("ftp://voice.example.com", "an address like"),
        ("https://", "an address like"),
        ("https://me@voice.example.com", "without a user"),
        ("https://:hush@voice.example.com", "without a user"),
        ("https://voice.example.com/slack/events", "end with the host"),
        ("https://voice.example.com/a", "end with the host"),
        ("https://voice.example.com//", "end with the host"),
        ("https://voice.example.com\\a", "end with the host"),
        ("https://voice.example.com?a=b", "end with the host"),
        ("https://voice.example.com?", "end with the host"),
        ("https://voice.example.com/#a", "end with the host"),
        ("https://voice.example.com:99999", "an address like"),
    ],
)
def test_what_is_no_address_of_a_bot_is_refused(given: str, says: str) -> None:
    """What it must be is said, and what was given is not."""
    with pytest.raises(ValueError, match=says) as caught:
        address(given)
    assert "hush" not in str(caught.value)


class TestCommand:
    """``voicejob manifest``."""

    async def test_it_prints_the_manifest_alone(self) -> None:
        """So that it can be piped; the link is beside it, on stderr."""
        ended = await voicejob("manifest")

        assert parsed(ended.out) == manifest()
        assert ended.code == 0
        assert ended.err.splitlines()[1:] == [new_app_link(ended.out)]
        assert "makes the app at Slack" in ended.err.splitlines()[0]

    async def test_url_makes_that_of_http_mode(self) -> None:
        """With the address filled in."""
        ended = await voicejob("manifest", "--url", f"{HOST}/")

        assert parsed(ended.out) == manifest(HOST)
        assert ended.err.splitlines()[1:] == [new_app_link(ended.out)]

    @pytest.mark.parametrize("url", ["", "http://voice.example.com", "https://u:hush@voice.example.com"])
    async def test_a_bad_address_is_bad_usage(self, url: str) -> None:
        """Exit code 2, a sentence, and no manifest."""
        ended = await voicejob("manifest", "--url", url)

        assert (ended.code, ended.out) == (2, "")
        assert "--url: it must" in ended.err
        assert "Traceback" not in ended.err
        assert "hush" not in ended.err


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("display_information", "name"), "x" * 36),
        (("display_information", "description"), "x" * 141),
        (("features", "slash_commands", 0, "command"), "voicejob"),
        (("features", "shortcuts_of_tomorrow"), []),
        (("settings", "socket_mode_enabled"), "yes"),
    ],
)
def test_the_rules_refuse_what_slack_refuses(
    written: dict[str, Any], where: tuple[Any, ...], value: Any
) -> None:
    """The rules above have teeth."""
    part: Any = written
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value

    with pytest.raises(ValidationError):
        Manifest.model_validate(written)


def test_it_is_the_manifest_of_socket_mode(written: dict[str, Any]) -> None:
    """Socket Mode is on, buttons are on, and no address is asked for."""
    manifest = Manifest.model_validate(written)

    assert manifest.settings.socket_mode_enabled is True
    assert manifest.settings.interactivity == Interactivity(is_enabled=True)
    assert [command.url for command in manifest.features.slash_commands or []] == [None]


class Listing(AsyncApp):
    """A Bolt app that remembers which commands were registered."""

    commands: ClassVar[list[str]] = []

    def command(self, command: Any, *matchers: Any, **others: Any) -> Any:
        """Register a command as usual."""
        self.commands.append(command)
        return super().command(command, *matchers, **others)


async def registered_commands() -> list[str]:
    """Register every listener, and list the commands."""
    app = Listing(token=BOT_TOKEN, signing_secret="unused")
    Listing.commands.clear()
    replies, services = Replies.__new__(Replies), Services.__new__(Services)  # only passed on
    register(app, replies, services, Metrics(), Workspace(team_id="T1"), doubt=lambda: None)
    return app.commands


def called_methods() -> set[str]:
    """Find the Web API methods that the bot's own code calls."""
    sources = [path for path in (ROOT / "bot").rglob("*.py") if "demo" not in path.parts]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return {name.replace("_", ".") for name in names if name.replace("_", ".") in METHODS}


async def test_it_names_the_commands_that_the_code_answers(written: dict[str, Any]) -> None:
    """A command in the manifest is one that is registered, and the other way round."""
    named = [command["command"] for command in written["features"]["slash_commands"]]

    assert named == await registered_commands() == [COMMAND]


async def test_it_asks_for_the_scopes_that_are_used_and_no_other(written: dict[str, Any]) -> None:
    """Each scope is needed by a command, or by a Web API method that the bot calls."""
    called = called_methods()
    needed = {METHODS[name].scope for name in called} - {None}
    needed |= {"commands"} if await registered_commands() else set()

    assert called == {"auth.test", "apps.connections.open", "chat.postMessage", "chat.update"}
    assert set(written["oauth_config"]["scopes"]["bot"]) == needed
