"""The pages that ``voicejob docs`` shows, in Markdown, and nothing that runs."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from typing import Final

TOPICS: Final[Mapping[str, str]] = {
    "deploy": "systemd, containers, proxies; upgrade, back up, move, remove",
    "settings": "every setting, secrets in files, languages",
    "monitoring": "health, metrics, alerts, the log",
    "states": "what each state of a job means, who acts, what comes next",
    "reliability": "what is promised, how it is tested, where it ends",
    "development": "the code, its checks, its words and its pictures",
}
"""The pages, each with what it is about, in the order in which people need them."""


def page(topic: str) -> str:
    """Return the Markdown of one of TOPICS."""
    return (files(__name__) / f"{topic}.md").read_text(encoding="utf-8")


def similar(topic: str) -> str | None:
    """Return the one of TOPICS whose name is most like a mistyped one; None if none is."""
    return next(iter(get_close_matches(topic.lower().removesuffix(".md"), TOPICS, 1)), None)
