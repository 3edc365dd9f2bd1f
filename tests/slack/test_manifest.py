"""The Slack app's manifests: valid by Slack's rules, and neither more nor less than what the code uses."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import cli
from bot.listeners.commands import COMMAND
from bot.simulators.slack.web_api import METHODS
from bot.slack.http_mode import EVENTS_PATH
from bot.slack.manifest import OPTIONAL_SCOPES, address, as_yaml, manifest

ROOT = Path(__file__).parents[2]
HOST = "https://voice.example.com"
URL = f"{HOST}{EVENTS_PATH}"
LONGEST = {
    "display_information.name": 35,
    "display_information.description": 140,
    "features.bot_user.display_name": 80,
    "features.shortcuts.0.name": 24,
    "features.shortcuts.0.callback_id": 255,
    "features.shortcuts.0.description": 150,
    "features.slash_commands.0.command": 32,
    "features.slash_commands.0.description": 2000,
    "features.slash_commands.0.usage_hint": 1000,
}
"""Characters that Slack's manifest schema (major versions 1 and 2) allows."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk through all that a manifest holds, with the path to each."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def test_the_file_is_the_one_that_is_made() -> None:
    """There is one source; as YAML, it comes through unchanged."""
    assert yaml.safe_load((ROOT / "manifest.yaml").read_text()) == manifest()
    assert yaml.safe_load(as_yaml(manifest())) == manifest()


def test_each_mode_has_what_it_needs() -> None:
    """In HTTP mode what Slack would call has the bot's address; names are ids; no text is too long."""
    by_socket, by_http = dict(leaves(manifest())), dict(leaves(manifest(HOST)))

    assert by_socket["settings.interactivity.is_enabled"] is True
    assert by_socket["features.slash_commands.0.command"] == COMMAND
    assert by_socket["features.slash_commands.0.should_escape"] is True
    assert [path for path, longest in LONGEST.items() if len(by_socket[path]) > longest] == []
    assert dict(by_socket.items() - by_http.items()) == {"settings.socket_mode_enabled": True}
    assert dict(by_http.items() - by_socket.items()) == {
        "settings.socket_mode_enabled": False,
        "settings.interactivity.request_url": URL,
        "settings.event_subscriptions.request_url": URL,
        "features.slash_commands.0.url": URL,
    }


READ = {f"{HOST}/": HOST, f"{HOST.upper()}:443": HOST, "https://bücher.eu": "https://xn--bcher-kva.eu"}
REFUSED = {
    "an address like": ["", "voice.example.com", "ftp://voice.example.com", f"{HOST}:99999"],
    "without a blank": [" ", f" {HOST}", f"{HOST}\n", "https://voice example.com"],
    "begin with https://": ["http://voice.example.com"],
    "without a user": ["https://me@voice.example.com", "https://:hush@voice.example.com"],
    "end with the host": [URL, f"{HOST}//", f"{HOST}\\a", f"{HOST}?a=b", f"{HOST}?", f"{HOST}/#a"],
}


def test_what_is_an_address_of_a_bot() -> None:
    """A slash at its end does no harm; of what is none, it is said what it must be, but not what it is."""
    assert {given: address(given) for given in READ} == READ
    for says, given in REFUSED.items():
        for text in given:
            with pytest.raises(ValueError, match=says) as caught:
                address(text)
            assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("options", "host"), [([], None), (["--url", f"{HOST}/"], HOST)])
def test_the_command_prints_the_manifest_alone(options: list[str], host: str | None) -> None:
    """So that it can be piped; the link, which holds the same, is beside it on stderr."""
    ended = CliRunner().invoke(cli, ["manifest", *options])

    assert (ended.exit_code, yaml.safe_load(ended.stdout)) == (0, manifest(host))
    first, link = ended.stderr.splitlines()
    assert "makes the app at Slack" in first
    page, _, query = link.partition("?")
    assert page == "https://api.slack.com/apps"
    assert parse_qs(query, strict_parsing=True) == {"new_app": ["1"], "manifest_yaml": [ended.stdout]}


def test_a_bad_address_is_bad_usage() -> None:
    """Exit code 2, a sentence, and no manifest."""
    bad = ["manifest", "--url", "https://u:hush@voice.example.com"]
    ended = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(cli, bad)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "--url: it must" in ended.stderr
    assert "hush" not in ended.stderr


def test_it_asks_for_the_scopes_that_are_used_and_no_other() -> None:
    """Each is for the command, or a Web API method that the bot's own code calls; one is not asked for."""
    sources = [path for path in (ROOT / "bot").rglob("*.py") if not {"demo", "simulators"} & set(path.parts)]
    names = {name for path in sources for name in re.findall(r"\.(\w+_\w+)\(", path.read_text())}
    called = {name.replace("_", ".") for name in names} & METHODS.keys()

    posted = {"chat.postMessage", "chat.update", "views.open", "views.publish", "views.update"}
    assert called == posted | {"auth.test", "apps.connections.open", "users.info"}
    needed = {scope for name in called if (scope := METHODS[name].scope)} | {"commands"}
    assert manifest()["oauth_config"]["scopes"] == {"bot": sorted(needed - {*OPTIONAL_SCOPES})}
