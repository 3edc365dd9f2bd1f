"""PURE. Where lines end in a terminal: between Chinese characters too, where rich breaks none."""

import re
from typing import Final

from rich.cells import cell_len

_CHINESE: Final = r"\u2e80-\u2fff\u3005-\u3007\u3021-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_OPENING: Final = "“‘（《「【"  # noqa: RUF001  Chinese
_CLOSING: Final = "”’）》」】，。：；！？、…"  # noqa: RUF001  the same
_PIECE: Final = re.compile(
    rf"[{_OPENING}]*(?:[{_CHINESE}][{_CLOSING}]*|[^\s{_CHINESE}{_OPENING}]+)?\s*", re.DOTALL
)
"""What stands together: a character or a word, with the marks and blanks around it."""


def line_ends(line: str, width: int) -> list[int]:
    """Return the places at which to break a line into parts of at most ``width`` columns.

    What stands together stays whole, however wide it is.
    """
    ends, start = [], 0
    for piece in _PIECE.finditer(line):
        is_too_wide = cell_len(line[start : piece.end()].rstrip()) > width
        if is_too_wide and piece.start() > start:
            start = piece.start()
            ends.append(start)
    return ends
