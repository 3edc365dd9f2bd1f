"""A Bolt app that measures the time from a request's arrival to its acknowledgement."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.telemetry.metrics import PRESSED, TYPED, Metrics

Failed = Callable[[Exception, dict[str, Any], AsyncBoltContext], Awaitable[BoltResponse | None]]
"""Called with an error, the payload and the context; returns the acknowledgement, or None for Bolt's own."""
ARRIVED: Final = "arrived"
"""In a request's context: when its head was read, in seconds of time.monotonic."""


class TimedApp(AsyncApp):
    """Reports to ``metrics`` the time to acknowledge each command and button press, in seconds.

    Where ARRIVED is not known, as in Socket Mode, the time begins when Bolt gets the request: the time in
    slack_sdk's queue is not counted. Nor is, in either mode, the time before the request is read.
    """

    def __init__(self, metrics: Metrics, **options: Any) -> None:
        super().__init__(**options)
        self._metrics = metrics
        self._failed: Failed | None = None

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Return the acknowledgement of a request, which is sent to Slack at once."""
        arrived = req.context.get(ARRIVED) or time.monotonic()
        response = await self._dispatch(req)
        is_press = req.body.get("type") == "block_actions"
        if response.status == HTTPStatus.OK and (is_press or "command" in req.body):
            self._metrics.acknowledged(PRESSED if is_press else TYPED, time.monotonic() - arrived)
        return response

    async def _dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Dispatch a request; one on which Bolt itself fails is treated as unhandled."""
        try:
            return await super().async_dispatch(req)
        except (LookupError, TypeError, AttributeError):
            error = BoltUnhandledRequestError(request=req, current_response=None)
            response = self._failed and await self._failed(error, req.body, req.context)
            return response or BoltResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def error(self, func: Failed) -> Failed:
        """Set the error handler."""
        self._failed = func
        return super().error(func)
