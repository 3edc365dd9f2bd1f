"""The jobs that a message names."""

from typing import Any

import pytest

from bot.domain.named_jobs import jobs_named

A, B = "26f06524-1111-4222-8333-0123456789ab", "0badc0de-1111-4222-8333-0123456789ab"
NESTED: Any = A
for _ in range(500):
    NESTED = {"blocks": [NESTED]}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"text": f"first {B}, then {A}; {B.upper()} again"}, [B, A]),
        ({"text": f"<https://console.example.com/jobs/{A}?x=1|look>"}, [A]),
        ({"text": f"https://example.com/p?next=https%3A%2F%2Fe.com%2F%3Fjob_id%3D{A}"}, [A]),
        ({"text": "<https://example.com/?job_id=job-17&amp;x=1>"}, ["job-17"]),
        ({"text": f"<https://example.com/{A}/{B}>"}, [A, B]),
        ({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"`{A}`"}}]}, [A]),
        ({"blocks": [{"type": "actions", "elements": [{"type": "button", "value": f"{A} C1"}]}]}, [A]),
        ({"blocks": [{"elements": [{"elements": [{"type": "link", "url": f"https://e.com/{A}"}]}]}]}, [A]),
        ({"attachments": [{"fallback": A, "title_link": f"https://e.com/jobs/{B}"}], "text": "-"}, [A, B]),
        ({"blocks": [{"text": {"text": B}}], "text": A}, [A, B]),
        ({"blocks": [{"block_id": A, "type": B}], "files": [{"title": A}], "ts": A}, []),
        ({"text": "https://example.com and 26f06524-1111"}, []),
        ({"text": None, "blocks": "no blocks", "attachments": [None, 1]}, []),
        (NESTED, []),
        (None, []),
    ],
)
def test_the_ids_in_a_message(message: object, found: list[str]) -> None:
    """Ids count wherever people see them or a button carries them, each once, the text's first."""
    assert jobs_named(message) == found
