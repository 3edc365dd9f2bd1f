"""Messages checked against the simulator's rules of Block Kit, and against slack_sdk's models of blocks."""

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.simulators.slack import blockkit


def problems(message: dict[str, Any]) -> list[str]:
    """List what is wrong with a message."""
    return [*blockkit.problems(message), *_against_the_models(message["blocks"])]


def _against_the_models(blocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with each block that a model refuses or would serialize differently."""
    for block in blocks:
        try:
            model = Block.parse(block)
            written = model.to_dict() if model else None
        except SlackObjectFormationError as error:
            yield f"slack_sdk refuses {block}: {error}"
        else:
            if written != block:
                yield f"slack_sdk writes {written} for {block}"
