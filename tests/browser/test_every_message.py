"""Every message as it stands on a phone, in both languages and themes."""

import pytest

from bot.domain.languages import Language
from tests.browser.fixtures import OUTSIDE, Browser, DemoPage
from tests.browser.gallery import samples_in, sheet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_fits_and_is_accessible(chromium: Browser) -> None:
    """Slack takes it, nothing is wider than the phone, and axe finds nothing, in the dark neither."""
    messages = {
        f"{language} {group}: {name}": message
        for language in Language
        for group, named in samples_in(language).items()
        for name, message in named.items()
    }
    page = DemoPage(await sheet(chromium, Language.ZH, messages), "http://127.0.0.1/")

    await page.tab.set_viewport_size({"width": 1400, "height": 900})
    assert await page.tab.locator("article").count() == len(messages)
    assert await page.tab.locator(".refused").all_inner_texts() == []
    assert await page.tab.evaluate(OUTSIDE) == []
    assert await page.accessibility_violations() == []
    await page.tab.emulate_media(color_scheme="dark")
    assert await page.accessibility_violations("color-contrast") == []
    await page.tab.context.close()
