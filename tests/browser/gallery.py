"""Pictures of each message in each language and theme, as it stands on a phone, for looking at them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from bot.demo.page import STATIC
from bot.domain.languages import Language
from bot.messages.blocks import Message
from bot.messages.texts import words_in
from tests.browser.fixtures import Browser, Page, Route, ViewportSize
from tests.messages.reading import CONTEXT
from tests.messages.samples import samples
from tests.records import NOW

PHONE: Final = 390
"""Width of a phone in CSS pixels."""
COLUMNS: Final = 3
LOCALES: Final[Mapping[Language, str]] = {Language.EN: "en-US", Language.ZH: "zh-CN"}
ADDRESS: Final = "http://127.0.0.1/"
SHEET: Final = f"""
    body {{ overflow: visible; }}
    #sheet {{ columns: {COLUMNS}; column-gap: 12px; width: {COLUMNS * (PHONE + 12)}px; padding: 6px; }}
    figure {{ width: {PHONE}px; margin: 0 0 14px; break-inside: avoid; border: 1px solid var(--line); }}
    figcaption {{ padding: 2px 8px; background: var(--surface); color: var(--text-soft); font-size: 12px; }}
"""
DRAW: Final = """async ([language, messages]) => {
    const { drawMessage } = await import("/static/js/message.js");
    const { speak } = await import("/static/js/dates.js");
    speak(language);
    const people = { U0ALICE: "alice", UALICE: "alice", U0BOB: "bob", UBOB: "bob" };
    const channels = { C1: "voices" };
    const nameIn = (known) => (id) => known[id] ?? null;
    const names = { user: nameIn(people), channel: nameIn(channels), isMe: () => false };
    const asItem = ([name, { text, blocks }]) => ({
        message: { ts: "1799999000.000100", channel: "C1", text, blocks, is_bot: true },
        author: "voicejob",
        parentStart: null,
    });
    for (const entry of Object.entries(messages)) {
        const figure = document.createElement("figure");
        const caption = document.createElement("figcaption");
        caption.textContent = entry[0];
        figure.append(caption, drawMessage(asItem(entry), { names }));
        document.getElementById("sheet").append(figure);
    }
}"""


async def take_all(chromium: Browser, folder: Path) -> None:
    """Write a contact sheet for each group of messages, language and theme."""
    for language in Language:
        for theme in ("light", "dark"):
            for group, messages in samples_in(language).items():
                page = await sheet(chromium, language, messages, color_scheme=theme)
                name = f"{group.replace(' ', '-')}-{language}-{theme}.png"
                await page.screenshot(path=folder / name, full_page=True)
                await page.context.close()


def samples_in(language: Language) -> dict[str, dict[str, Message]]:
    """Return all messages in a language, by group and name."""
    return samples(replace(CONTEXT, words=words_in(language), console_url=_console))


async def sheet(
    chromium: Browser, language: Language, messages: Mapping[str, Message], **options: Any
) -> Page:
    """Open a page with these messages in columns as wide as a phone, at the time at which they are read."""
    size: ViewportSize = {"width": COLUMNS * (PHONE + 12) + 12, "height": 400}
    options |= {"viewport": size, "locale": LOCALES[language], "timezone_id": "Asia/Shanghai"}
    context = await chromium.new_context(**options)
    page = await context.new_page()
    await page.clock.set_fixed_time(NOW)
    await page.route("**/*", _serve)
    await page.goto(ADDRESS)
    await page.evaluate(DRAW, [language, {name: asdict(each) for name, each in messages.items()}])
    return page


async def _serve(route: Route) -> None:
    """Serve the page's files, and the sheet."""
    path = route.request.url.partition("/static/")[2]
    if path:
        await route.fulfill(path=STATIC / path)
        return
    styles = "".join(f'<link rel="stylesheet" href="/static/style/{each.name}">' for each in _styles())
    head = f'<meta charset="utf-8"><title>Messages</title>{styles}<style>{SHEET}</style>'
    body = f'<!doctype html><html lang="en">{head}<h1 class="unseen">Messages</h1><main id="sheet"></main>'
    await route.fulfill(body=body, content_type="text/html")


def _styles() -> list[Path]:
    """Return the page's style sheets, the colours first, as the page has them."""
    return sorted((STATIC / "style").glob("*.css"), key=lambda path: path.name != "tokens.css")


def _console(job_id: str) -> str:
    return f"https://console.example/voice/{job_id}"
