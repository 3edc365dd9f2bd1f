"""What stands in the environment for other programs: which of it goes before a command begins."""

import pytest

from bot.process.environment import harmful


@pytest.mark.parametrize(
    ("name", "value", "command", "goes"),
    [
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere", "run", True),
        ("prometheus_multiproc_dir", "/nowhere", "check", True),
        ("_VOICEJOB_COMPLETE", "x", "manifest", True),
        ("_VOICEJOB_COMPLETE", "complete_bash", "", False),
        ("COLUMNS", "-3", "show", True),
        ("COLUMNS", "120", "check", False),
        ("https_proxy", "http://proxy:1", "demo", True),
        ("SLACK_BOT_TOKEN", "x", "demo", True),
        ("SSLKEYLOGFILE", "/nowhere/keys", "demo", True),
        ("SSL_CERT_FILE", "/nowhere", "check", False),
        ("COLUMNS", "", "", True),
    ],
)
def test_what_goes(name: str, value: str, command: str, goes: bool) -> None:  # noqa: FBT001
    """What no command can use; in the demo, also what leads away from this machine."""
    arguments = [command, "--once"] if command else []
    assert harmful({name: value, "PATH": "/bin"}, arguments) == ([name] if goes else [])
