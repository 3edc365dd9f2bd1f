"""PURE. A Web API call that is answered with an error."""

from typing import Any


class ApiError(Exception):
    """A call that is answered ``{"ok": false}`` with an error code, and more fields if there are any."""

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.answer = {"ok": False, "error": code, **fields}
