"""What the bot counts and measures, for Prometheus. No label holds an id of a person, a channel or a job.

The README lists every metric. Times are seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.domain.slack_errors import KNOWN
from bot.domain.subscriptions import Subscription

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
TYPED: Final = "command"
PRESSED: Final = "button"
"""The two types of interaction."""
OK: Final = "ok"
OTHER: Final = "other"
"""A code of Slack's that the bot does not know: as a label, each could be a new time series."""
REASONS: Final = KNOWN | {
    "",
    "no_answer",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
}
"""What can be the reason of a delivery's outcome, beside OTHER."""
ACK_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
"""Slack gives up after 3 seconds (page "Handling user interaction")."""
ANSWER_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 12, 15)
CHECK_BUCKETS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 1200)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second time series for each, which nobody asks for


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What lies in the store: numbers, and for how many seconds the oldest notice waits.

    What a paused subscription has to tell waits for people, not for the bot, and is not among the notices.
    """

    jobs: int
    subscriptions: int
    paused: int
    pending: int
    oldest: float

    @classmethod
    def of(cls, subscriptions: Iterable[Subscription], now: float) -> "Stock":
        """Count subscriptions; ``now`` is epoch seconds."""
        every = list(subscriptions)
        since = [
            subscription.notice.since
            for subscription in every
            if subscription.notice and not subscription.pause
        ]
        return cls(
            jobs=len(
                {
                    subscription.job_id
                    for subscription in every
                    if not (subscription.is_over or subscription.stopped_by)
                }
            ),
            subscriptions=len(every),
            paused=sum(subscription.pause is not None for subscription in every),
            pending=len(since),
            oldest=max(0.0, now - min(since)) if since else 0.0,
        )


class Metrics:
    """The metrics of one bot."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counted_reconnects = 0
        self._count()
        self._measure()
        self._weigh()

    def _count(self) -> None:
        registry = self._registry
        self._interactions = Counter(
            "voicejob_interactions",
            "Commands and button presses, by what became of them",
            ["type", "name", "outcome"],
            registry=registry,
        )
        self._requests = Counter(
            "voicejob_metastudio_requests",
            "Requests to MetaStudio",
            ["call", "outcome"],
            registry=registry,
        )
        self._checks = Counter(
            "voicejob_checks", "Checks of the followed jobs", ["outcome"], registry=registry
        )
        self._deliveries = Counter(
            "voicejob_deliveries",
            "Messages to Slack that subscriptions asked for",
            ["step", "outcome", "reason"],
            registry=registry,
        )
        self._refused = Counter(
            "voicejob_refused_requests",
            "Requests in HTTP mode that were not signed by Slack",
            registry=registry,
        )
        self._reconnects = Counter(
            "voicejob_socket_reconnects", "Socket Mode connections after the first one", registry=registry
        )

    def _measure(self) -> None:
        registry = self._registry
        self._acks = Histogram(
            "voicejob_acknowledge_seconds",
            "From when the bot reads a request to its acknowledgement",
            ["type"],
            buckets=ACK_BUCKETS,
            registry=registry,
        )
        self._answers = Histogram(
            "voicejob_answer_seconds",
            "From the acknowledgement until there is an answer to send",
            ["type"],
            buckets=ANSWER_BUCKETS,
            registry=registry,
        )
        self._check_seconds = Histogram(
            "voicejob_check_seconds",
            "How long a check of the followed jobs took",
            buckets=CHECK_BUCKETS,
            registry=registry,
        )

    def _weigh(self) -> None:
        registry = self._registry
        self._jobs = Gauge("voicejob_followed_jobs", "Jobs that are checked", registry=registry)
        self._subscriptions = Gauge("voicejob_subscriptions", "Subscriptions in the store", registry=registry)
        self._paused = Gauge(
            "voicejob_paused_subscriptions", "Subscriptions that Slack refuses", registry=registry
        )
        self._pending = Gauge(
            "voicejob_pending_notices",
            "Changes that wait to be told, but for those of paused subscriptions",
            registry=registry,
        )
        self._oldest = Gauge(
            "voicejob_oldest_notice_age_seconds", "For how long the oldest of them waits", registry=registry
        )
        self._ready = Gauge("voicejob_ready", "Whether /readyz says yes", registry=registry)

    def interaction(self, kind: str, name: str, outcome: str, *, seconds: float = 0.0) -> None:
        """Note what became of what was TYPED or PRESSED, by its verb or action_id.

        ``seconds`` is how long that took; none where the acknowledgement was all that there is to say.
        """
        self._interactions.labels(kind, name, outcome).inc()
        self._answers.labels(kind).observe(seconds)

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Note how long one that was TYPED or PRESSED waited for its acknowledgement."""
        self._acks.labels(kind).observe(seconds)

    def request(self, call: str, outcome: str = OK) -> None:
        """Count a request to MetaStudio: ``show`` or ``list``."""
        self._requests.labels(call, outcome).inc()

    def refused(self) -> None:
        """Count a request that was not signed by Slack."""
        self._refused.inc()

    def check(self, seconds: float, outcome: str = OK) -> None:
        """Note a check of the followed jobs."""
        self._checks.labels(outcome).inc()
        self._check_seconds.observe(seconds)

    def delivery(self, step: str, outcome: str = OK, reason: str = "") -> None:
        """Count what Slack made of a message; ``reason`` is its error code."""
        self._deliveries.labels(step, outcome, reason if reason in REASONS else OTHER).inc()

    def exposition(self, stock: Stock, *, is_ready: bool, reconnects: int = 0) -> bytes:
        """Write all metrics in Prometheus' text format; ``reconnects`` are those since the start."""
        self._reconnects.inc(reconnects - self._counted_reconnects)
        self._counted_reconnects = reconnects
        self._jobs.set(stock.jobs)
        self._subscriptions.set(stock.subscriptions)
        self._paused.set(stock.paused)
        self._pending.set(stock.pending)
        self._oldest.set(stock.oldest)
        self._ready.set(is_ready)
        return generate_latest(self._registry)
