"""Subscriptions among all that can happen, in any order: nothing is lost, and nothing is told twice.

A walk stands for MetaStudio, the store, the outbox, Slack, people and crashes. What the bot remembers is
JSON, as on the disk. Seeded walks reach further than a state machine of hypothesis, which leaves rules out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from bot.domain import subscriptions as changes
from bot.domain.jobs import ENDED_STATES, GONE, Job
from bot.domain.slack_errors import Refusal, meaning_of
from bot.domain.subscriptions import Change, Key, Level, Posted, Step, Subscription, due, next_step, next_time
from tests.domain.subscriptions import NOW, A, B, C, job_of, new, on_disk

Sight = tuple[str, int | None]
"""A job's state and how often it occurred."""

TAKEN = "taken"
REFUSALS = ["ratelimited", "not_in_channel", "message_not_found", "invalid_blocks", "token_revoked"]
CHANNELS, JOB_IDS = ["C1", "C2"], ["job-1", "job-2"]
STATES = [A, A, B, C, "AUDIT_FAILED", "SUCCEED", "FAILED", "NEW", None]
STEPS = 120


def news(job: Job | None, known: Sight) -> Sight | None:
    """Return what is seen, if that is news: what is not told is not known, and a count only grows."""
    if job is None:
        return (GONE, None) if known[0] != GONE else None
    if job.state is None:
        return None
    is_again = bool(known[1] and job.reject_times and job.reject_times > known[1])
    return (job.state, job.reject_times) if job.state != known[0] or is_again else None


@dataclass
class Life:
    """One subscription from its beginning to its end, as it should go."""

    sight: Sight
    states: list[str]
    """Every state that was seen, in order."""
    told: int = -1
    """Which of them the channel was told last, as far as the bot was able to write it down."""
    is_stopped: bool = False
    card_ts: str = ""
    people_told: int = 0
    """Messages to the person since Slack last took something for the channel."""


@dataclass
class Sending:
    """Something on its way to Slack, for the subscription as it was then."""

    subscription: Subscription
    step: Step
    life: Life
    shows: int
    """Which of the life's states was the last one then."""
    person_is_here: bool
    change: Change | None = None
    """What to write down, once Slack answered, and what the life's ``told`` and ``card_ts`` become then."""
    told: int | None = None
    card_ts: str = ""


class Walk:
    """Two jobs in two channels. ``sending`` is by channel, ``cards`` and ``warnings`` by ts."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311  no secret
        self.now = NOW
        self.jobs: dict[str, Job | None] = {job_id: self._any_job() for job_id in JOB_IDS}
        self.rows: dict[Key, str] = {}
        self.lives: dict[Key, Life] = {}
        self.sending: dict[str, Sending] = {}
        self.cards: dict[str, tuple[str, Level, str | None]] = {}
        self.warnings: dict[str, bool] = {}
        """Whether each still says that the channel is paused."""

    def go(self) -> None:
        """Take one small step of something that can happen."""
        key = Key("T1", self.chance.choice(CHANNELS), self.chance.choice(JOB_IDS))
        actions: dict[Callable[[Key], None], float] = {
            self._outbox_goes_on: 10,
            self._job_changes: 4,
            self._person_subscribes: 3,
            self._person_tries_again: 1,
            self._person_presses: 1,
            self._person_stops: 0.5,
            self._bot_crashes: 0.3,
        }
        (action,) = self.chance.choices(list(actions), list(actions.values()))
        action(key)
        self.now += self.chance.choice([0, 0, 1, 59, 300, 100_000])
        self._check_order()

    def _any_job(self) -> Job:
        state = self.chance.choice(STATES)
        return job_of(state, state and self.chance.randint(1, 2))

    def _job_changes(self, key: Key) -> None:
        """Change a job, or delete it, or bring it back; the bot may notice, or not."""
        self.jobs[key.job_id] = self._any_job() if self.chance.random() < 0.9 else None
        if self.chance.random() < 0.8:
            self._poll(key.job_id)

    def _person_subscribes(self, key: Key) -> None:
        """Make a subscription, unless it is there, or a last word of it is on its way."""
        job, on_its_way = self.jobs[key.job_id], self.sending.get(key.channel_id)
        if key in self.rows or job is None or job.is_over:
            return
        if on_its_way and on_its_way.subscription.key == key:
            return
        self.lives[key] = Life(sight=(job.state or "", job.reject_times), states=[job.state or ""])
        level = self.chance.choice(list(Level))
        self.rows[key] = on_disk(new(job=job, channel_id=key.channel_id, job_id=key.job_id, level=level))

    def _person_presses(self, key: Key) -> None:
        """Press a button of the list for a level, or the card's button to refresh it."""
        level = self.chance.choice([*Level, None])
        self._write(key, changes.with_level(level) if level else changes.outdated)

    def _person_stops(self, key: Key) -> None:
        if key in self.rows:
            self.lives[key].is_stopped = True
            self._write(key, changes.stopped("U2"))

    def _person_tries_again(self, key: Key) -> None:
        """Press the button in the message about a pause."""
        self._write(key, changes.tried_again(self.now))
        if key in self.rows and key.channel_id not in self.sending and not self._read(key).stopped_by:
            self._send(self._read(key), person_is_here=True)

    def _outbox_goes_on(self, key: Key) -> None:
        """Choose, or hear Slack's answer, or write down what came of it."""
        sending = self.sending.get(key.channel_id)
        if sending is None:
            if subscription := self._choose(key.channel_id):
                self._send(subscription)
        elif sending.change is None:
            self._answer(key.channel_id, self.chance.choice([*[TAKEN] * 12, *REFUSALS]))
        else:
            self._record(key.channel_id)

    def _bot_crashes(self, _: Key | None = None) -> None:
        """Forget what is on its way: what Slack has taken already may come once more."""
        for sending in self.sending.values():
            if sending.step is Step.TELL_PERSON:
                sending.life.people_told = 0
        self.sending.clear()

    def _check_order(self) -> None:
        """Check that what is due is up to date, also for what a person ended, and each standing warning."""
        for key in self.rows:
            subscription = self._read(key)
            is_warned = subscription.warning is not None and self.warnings[subscription.warning.ts]
            assert not is_warned or subscription.pause or next_step(subscription) is not None
            last_steps = {Step.EDIT_CARD, Step.EDIT_WARNING, Step.FORGET}
            assert subscription.stopped_by is None or next_step(subscription) in last_steps
            assert subscription.notice is None or subscription.notice.path[-1] == subscription.state

    def settle(self) -> None:
        """Let Slack take everything until nothing is due; then nothing is lost, or lives on."""
        for job_id in self.jobs:
            self._poll(job_id)
        self._bot_crashes()
        for _ in range(12 * len(self.rows) + 1):
            times = [at for key in self.rows if (at := next_time(self._read(key), self.now)) is not None]
            if not times:
                break
            self.now = max(self.now, *times)
            for channel in {key.channel_id for key in self.rows}:
                if subscription := self._choose(channel):
                    self._send(subscription)
                    self._answer(channel, TAKEN)
                    self._record(channel)
        else:
            raise AssertionError("it goes on for ever")
        for key in self.rows:
            life, subscription = self.lives[key], self._read(key)
            assert (life.is_stopped, life.states[-1] in ENDED_STATES) == (False, False), (
                "it should be deleted"
            )
            assert (subscription.pause, subscription.notice) == (None, None)
            assert subscription.card
            assert subscription.card.ts == life.card_ts
            assert self.cards[life.card_ts][1:] == (subscription.level, None)
            self._check_told(life)

    # MetaStudio and the store.

    def _poll(self, job_id: str) -> None:
        job = self.jobs[job_id]
        for key in [key for key in self.rows if key.job_id == job_id]:
            life = self.lives[key]
            sight = news(job, life.sight)
            assert not sight or due(self._read(key), job, self.now) or life.is_stopped
            if sight and not life.is_stopped:
                life.sight = sight
                life.states.append(sight[0])
            elif job and job.state == life.sight[0] and life.sight[1] is None:
                life.sight = job.state, job.reject_times
            self._write(key, changes.seen(job, self.now))

    def _read(self, key: Key) -> Subscription:
        return Subscription.model_validate_json(self.rows[key])

    def _write(self, key: Key, change: Change) -> None:
        if key not in self.rows:
            return
        if changed := change(self._read(key)):
            self.rows[key] = on_disk(changed)
        else:
            del self.rows[key]
            if not self.lives[key].is_stopped:
                assert self.lives[key].states[-1] in ENDED_STATES
                self._check_told(self.lives[key])

    # The outbox and Slack.

    def _choose(self, channel: str) -> Subscription | None:
        """Choose what a channel is told next, as the outbox does."""
        order: list[tuple[bool, int, Key]] = []
        for key in [key for key in self.rows if key.channel_id == channel]:
            each = self._read(key)
            at, since = next_time(each, self.now), each.notice.since if each.notice else 0
            if next_step(each) is Step.FORGET:
                self._write(key, changes.forgotten)
            elif at is not None and at <= self.now:
                order.append((next_step(each) is Step.EDIT_CARD, since, key))
        return self._read(min(order)[2]) if order else None

    def _send(self, subscription: Subscription, *, person_is_here: bool = False) -> None:
        step, life = next_step(subscription), self.lives[subscription.key]
        if step is None:
            return
        if subscription.pause and not person_is_here:
            assert step is Step.TELL_PERSON or subscription.pause.next_try <= self.now
        shows = len(life.states) - 1
        self.sending[subscription.channel_id] = Sending(subscription, step, life, shows, person_is_here)

    def _answer(self, channel: str, code: str) -> None:
        sending = self.sending[channel]
        sending.change = self._take(sending) if code == TAKEN else self._refuse(sending, code)
        if sending.change is None:
            del self.sending[channel]

    def _take(self, sending: Sending) -> Change:
        """Take the message, and check it against everything that was said before."""
        subscription, life = sending.subscription, sending.life
        if sending.step is Step.TELL_PERSON:
            life.people_told += 1
            assert life.people_told == 1, "the person is told once"
            ts = f"w{len(self.warnings)}"
            self.warnings[ts] = True
            return changes.person_notified(Posted(channel_id="D1", ts=ts))
        if sending.step is Step.EDIT_WARNING:
            assert subscription.warning
            self.warnings[subscription.warning.ts] = False
            return changes.warning_edited
        life.people_told = 0
        shown = (subscription.state, subscription.level, subscription.stopped_by)
        if sending.step is Step.EDIT_CARD:
            assert subscription.card
            self.cards[subscription.card.ts] = shown
            return changes.card_edited(subscription.fingerprint, self.now)
        if sending.step is Step.POST_CARD:
            sending.card_ts = f"{len(self.cards)}.0"
            self.cards[sending.card_ts] = shown
            sending.told = sending.shows if life.told < 0 else life.told
            return changes.card_posted(subscription, sending.card_ts, self.now)
        assert subscription.notice
        path = list(subscription.notice.path)
        assert path == life.states[life.told : life.told + len(path)], "in order, without a gap"
        sending.told = life.told + len(path) - 1
        return changes.notice_posted(subscription.notice, self.now)

    def _refuse(self, sending: Sending, code: str) -> Change | None:
        """Refuse the message; only time helps where nothing is to be written down."""
        refusal = meaning_of(code)
        if refusal in {Refusal.LATER, Refusal.CREDENTIALS}:
            return None
        of_person = {Step.TELL_PERSON: changes.person_notified(), Step.EDIT_WARNING: changes.warning_edited}
        if sending.step in of_person:
            return of_person[sending.step]
        if refusal is Refusal.MESSAGE_GONE:
            return changes.card_lost(code, self.now)
        return changes.refused(code, self.now, person_knows=sending.person_is_here)

    def _record(self, channel: str) -> None:
        sending = self.sending.pop(channel)
        assert sending.change
        life = sending.life
        life.told = life.told if sending.told is None else sending.told
        life.card_ts = sending.card_ts or life.card_ts
        self._write(sending.subscription.key, sending.change)

    def _check_told(self, life: Life) -> None:
        assert life.told == len(life.states) - 1, "all is told"
        assert self.cards[life.card_ts][0] == life.states[-1]


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_or_told_twice(seed: int) -> None:
    """Whatever happens in whatever order, each channel is told each state in order, and each person once."""
    for part in range(25):
        walk = Walk(100 * seed + part)
        for _ in range(STEPS):
            walk.go()
        walk.settle()
