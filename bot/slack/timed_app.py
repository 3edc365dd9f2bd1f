"""How long Slack waits for the bot: from a request's arrival to its acknowledgement."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.telemetry.metrics import PRESSED, TYPED, Metrics

Failed = Callable[[Exception, dict[str, Any], AsyncBoltContext], Awaitable[BoltResponse | None]]
"""Takes an error, and returns the acknowledgement, or None to leave Bolt's own."""
ARRIVED: Final = "arrived"
"""In a request's context: when its head was read, in seconds of time.monotonic."""


class TimedApp(AsyncApp):
    """Bolt's app, which tells ``metrics`` how long each acknowledgement took, as far as the bot can see.

    Where ARRIVED is not known, as in Socket Mode, the time begins when Bolt takes the request: what it waited
    in slack_sdk's queue is not in it. Nor is, in either mode, what it waited to be read.
    """

    def __init__(self, metrics: Metrics, **options: Any) -> None:
        super().__init__(**options)
        self._metrics = metrics
        self._failed: Failed | None = None

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Have a request acknowledged: what is returned here goes to Slack at once."""
        arrived = req.context.get(ARRIVED) or time.monotonic()
        response = await self._dispatched(req)
        is_press = req.body.get("type") == "block_actions"
        if response.status == HTTPStatus.OK and (is_press or "command" in req.body):
            self._metrics.acknowledged(PRESSED if is_press else TYPED, time.monotonic() - arrived)
        return response

    async def _dispatched(self, req: AsyncBoltRequest) -> BoltResponse:
        """Have a request handled; one that Bolt itself stumbles over is one that nothing handles."""
        try:
            return await super().async_dispatch(req)
        except (LookupError, TypeError, AttributeError):
            error = BoltUnhandledRequestError(request=req, current_response=None)
            response = self._failed and await self._failed(error, req.body, req.context)
            return response or BoltResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def error(self, func: Failed) -> Failed:
        """Set what is called with what goes wrong: the error, the payload and the context."""
        self._failed = func
        return super().error(func)
