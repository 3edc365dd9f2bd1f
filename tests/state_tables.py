"""Print the tables of ``bot/docs/states.md`` as the catalogs have them: ``python -m tests.state_tables``."""

import sys
from collections.abc import Mapping
from typing import Final

from bot.domain.jobs import GONE, STATES
from bot.domain.languages import Language
from bot.messages.texts import words_in

HEADS: Final[Mapping[Language, tuple[str, ...]]] = {
    Language.EN: ("MetaStudio's name", "what it means", "whose turn, and what to do", "what comes next"),
    Language.ZH: ("MetaStudio 的名称", "含义", "由谁处理、如何处理", "下一步"),
}
OURS: Final = (GONE, "unknown", "none")
"""What the bot shows where MetaStudio has no job, or no state that is known."""


def table(language: Language) -> str:
    """Return the Markdown table of all states in one language."""
    words = words_in(language)
    rows = [HEADS[language], ("---",) * 4]
    for state in (*STATES, *OURS):
        message = f"state-{state}"
        turn = words.attribute(message, "turn", console=words("console")).replace("*", "**")
        name = f"`{state}`" if state in STATES else "-"
        rows.append((name, words(message), turn, words.attribute(message, "next") or "-"))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    sys.stdout.write("\n".join(map(table, Language)))
