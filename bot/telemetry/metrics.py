"""Prometheus metrics. No label holds an id of a person, a channel or a job.

``bot/docs/monitoring.md`` lists every metric. Times are seconds.
"""

from functools import partial
from typing import Final, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot.domain.following import Counts
from bot.domain.slack_errors import KNOWN

TYPED: Final = "command"
PRESSED: Final = "button"
"""The two types of interaction."""
OK: Final = "ok"
OTHER: Final = "other"
"""A code of Slack's that the bot does not know: as a label, each could be a new time series."""
REASONS: Final = KNOWN | {"", "no_answer"}
"""Values of the label ``reason`` of deliveries, beside OTHER."""
ACK_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
"""Slack gives up after 3 seconds (page "Handling user interaction")."""
ANSWER_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 12, 15)
CHECK_BUCKETS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 1200)
HOURS: Final = 60 * 60
WAIT_BUCKETS: Final = tuple(HOURS * hours for hours in (0.25, 1, 4, 8, 24, 48, 72, 120, 168, 336))
"""For how long a job waits for people: from a quarter of an hour to two weeks."""
GAUGES: Final = {
    "followed_jobs": "Jobs that are checked",
    "subscriptions": "Subscriptions in the store",
    "paused_subscriptions": "Subscriptions that Slack refuses",
    "pending_notices": "Changes not posted yet, without those of paused subscriptions",
    "oldest_notice_age_seconds": "For how long the oldest of them waits",
}
"""The gauges of Gauges, with their help texts."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second time series for each, which nobody asks for


class Gauges(NamedTuple):
    """Values of the gauges of the store, each named like its metric; the age is in seconds."""

    followed_jobs: int
    subscriptions: int
    paused_subscriptions: int
    pending_notices: int
    oldest_notice_age_seconds: float

    @classmethod
    def of(cls, counts: Counts, now: float) -> "Gauges":
        """Return the gauges of what the store counted; ``now`` is epoch seconds."""
        since = counts.oldest_pending_since
        return cls(*counts[:4], max(0.0, now - (now if since is None else since)))


class Metrics:
    """The metrics of one bot."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counted_reconnects = 0
        self._make_counters()
        self._make_histograms()
        gauge = partial(Gauge, namespace="voicejob", registry=self._registry)
        self._gauges = {name: gauge(name, text) for name, text in GAUGES.items()}
        self._ready = gauge("ready", "Whether /readyz says yes")

    def _make_counters(self) -> None:
        counter = partial(Counter, namespace="voicejob", registry=self._registry)
        self._interactions = counter(
            "interactions",
            "Commands and button presses, by what became of them",
            ["type", "name", "outcome"],
        )
        self._requests = counter("metastudio_requests", "Requests to MetaStudio", ["call", "outcome"])
        self._checks = counter("checks", "Checks of the followed jobs", ["outcome"])
        self._deliveries = counter(
            "deliveries", "Messages to Slack that subscriptions asked for", ["step", "outcome", "reason"]
        )
        self._reminders = counter("reminders", "Reminders that Slack accepted", ["to"])
        self._claims = counter("claims", "What people said of jobs that wait for them", ["kind"])
        self._refused = counter("refused_requests", "Requests in HTTP mode that were not signed by Slack")
        self._reconnects = counter("socket_reconnects", "Socket Mode connections after the first one")

    def _make_histograms(self) -> None:
        histogram = partial(Histogram, namespace="voicejob", registry=self._registry)
        self._acks = histogram(
            "acknowledge_seconds",
            "From when the bot reads a request to its acknowledgement",
            ["type"],
            buckets=ACK_BUCKETS,
        )
        self._answers = histogram(
            "answer_seconds",
            "From the acknowledgement until there is an answer to send",
            ["type"],
            buckets=ANSWER_BUCKETS,
        )
        self._check_seconds = histogram(
            "check_seconds", "How long a check of the followed jobs took", buckets=CHECK_BUCKETS
        )

        self._taken = histogram(
            "turn_taken_seconds",
            "From the begin of the customer's turn until somebody took the job",
            ["state"],
            buckets=WAIT_BUCKETS,
        )
        self._moved = histogram(
            "turn_moved_seconds",
            "From the begin of the customer's turn until the job moved",
            ["state"],
            buckets=WAIT_BUCKETS,
        )

    def taken(self, state: str, seconds: float) -> None:
        """Observe for how long it was the customer's turn until somebody took a job."""
        self._taken.labels(state).observe(max(0.0, seconds))

    def moved(self, state: str, seconds: float) -> None:
        """Observe for how long it was the customer's turn until a job moved."""
        self._moved.labels(state).observe(max(0.0, seconds))

    def claim(self, kind: str) -> None:
        """Count what somebody said of a job: ``taken``, ``taken_over``, ``released`` or ``put_off``."""
        self._claims.labels(kind).inc()

    def reminder(self, to: str) -> None:
        """Count a reminder that Slack accepted, to a ``channel`` or a ``person``."""
        self._reminders.labels(to).inc()

    def interaction(self, kind: str, name: str, outcome: str, *, seconds: float = 0.0) -> None:
        """Count a command (TYPED, by its verb) or a button (PRESSED, by its action_id), by its outcome.

        ``seconds`` passed from the acknowledgement to the answer; 0 where nothing followed it.
        """
        self._interactions.labels(kind, name, outcome).inc()
        self._answers.labels(kind).observe(seconds)

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Observe for how many seconds a command or button waited for its acknowledgement."""
        self._acks.labels(kind).observe(seconds)

    def request(self, call: str, outcome: str = OK) -> None:
        """Count a request to MetaStudio: ``show``, ``list``, ``audit-result`` or ``op-logs``."""
        self._requests.labels(call, outcome).inc()

    def refused(self) -> None:
        """Count a request that was not signed by Slack."""
        self._refused.inc()

    def check(self, seconds: float, outcome: str = OK) -> None:
        """Count a check of the followed jobs, and observe how many seconds it took."""
        self._checks.labels(outcome).inc()
        self._check_seconds.observe(seconds)

    def delivery(self, step: str, outcome: str = OK, reason: str = "") -> None:
        """Count an attempt to send a message; ``reason`` is Slack's error code."""
        self._deliveries.labels(step, outcome, reason if reason in REASONS else OTHER).inc()

    def exposition(self, gauges: Gauges | None, *, is_ready: bool, reconnects: int = 0) -> bytes:
        """Return all metrics in Prometheus' text format; ``reconnects`` are those since the start.

        Without ``gauges``, which the store could not give, those of the last time stay.
        """
        self._reconnects.inc(reconnects - self._counted_reconnects)
        self._counted_reconnects = reconnects
        for name, value in gauges._asdict().items() if gauges else ():
            self._gauges[name].set(value)
        self._ready.set(is_ready)
        return generate_latest(self._registry)
