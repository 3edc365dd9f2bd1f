"""What is followed among all that can happen, in any order: every sight is told, in order, and once.

A walk stands for MetaStudio, people, Slack and crashes: one job in two conversations. Seeded walks reach
further than a state machine of hypothesis, which leaves rules out.
"""

from random import Random

import pytest

from bot.deliver.changes import after_ok
from bot.deliver.schedule import Task
from bot.domain import deliveries, pauses
from bot.domain import subscriptions as changes
from bot.domain.deliveries import Step, next_step
from bot.domain.destinations import with_language
from bot.domain.following import Following
from bot.domain.job_records import observed, with_answer
from bot.domain.jobs import Job
from bot.domain.keys import DeliveryKey
from bot.domain.languages import Language
from bot.domain.records import Change, Level, Posted, Records
from tests.records import BOB, NOW, applied

KEYS = [changes.key_of("T1", channel, "job-1") for channel in ("C1", "C2")]
REF = KEYS[0].job
STATES = ["AUDITING", "AUDITING", "WAITING", "PROCESSING", "NEW", "AUDIT_FAILED", "FAILED", None]
POSTED = Posted(channel_id="C1", ts="2.2")
WALKS, STEPS = 40, 300


class Walk:
    """What is stored, every state since the job's record was made (``sights``), and what is on its way.

    ``told`` has the number of the sight that was told last, by the delivery's id, as far as it was recorded;
    ``read`` the language of its card.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311  no secret
        self.now = NOW
        self.records = Records()
        self.sights: list[str] = []
        self.told: dict[str, int] = {}
        self.read: dict[str, Language | None] = {}
        self.sending: dict[DeliveryKey, tuple[Step, Following, int]] = {}

    def go(self) -> None:
        """Take one small step of something that can happen."""
        usual = {self.deliver: 8, self.watch: 3, self.subscribe: 2, self.press: 1, self.stop: 0.5}
        (action,) = self.chance.choices([*usual], [*usual.values()])
        action(self.chance.choice(KEYS))
        self.now += self.chance.choice([0, 1, 300, 100_000])

    def watch(self, _: DeliveryKey) -> None:
        """Ask MetaStudio, whether or not anything is new."""
        job = None if self.chance.random() < 0.05 else self._job()
        if known := self.records.job(REF):
            seen = with_answer(known, job, self.now)
            self.sights += [sight.state for sight in seen.since(known.number)[1:]]
            self._change(observed([(known, seen)]))

    def subscribe(self, key: DeliveryKey) -> None:
        """Subscribe, perhaps again, or where it was ended and the card does not say so yet."""
        job, before = self._job(), self.records.job(REF)
        if not job.is_over:
            self.sights = self.sights or [job.state or ""]
            self._change(changes.started(key, job, level=Level.ALL, by=BOB, now=self.now))
            after = self.records.job(REF)
            if before and after and after.number > before.number:  # it was over, and is not any more
                self.sights.append(job.state or "")

    def press(self, key: DeliveryKey) -> None:
        """Choose a level or a language, or refresh the card."""
        levels = [changes.changed_wish(changes.keys_of(key)[1], each, None) for each in Level]
        languages = [with_language(key.address, each) for each in Language]
        self._change(self.chance.choice([*levels, *languages, changes.outdated(key)]))

    def stop(self, key: DeliveryKey) -> None:
        """End the subscription."""
        self._change(changes.stopped(key, BOB))

    def deliver(self, key: DeliveryKey) -> None:
        """Send what is due; or accept, refuse or lose what is on its way."""
        if key not in self.sending:
            self.send(key)
            return
        match self.chance.choice([*["accepted"] * 8, "crash", "gone", "refused"]):
            case "accepted":
                self.accept(key)
            case "gone":
                self._change(deliveries.card_lost(self.sending[key][1], self.now))
            case "refused":
                self._change(pauses.refused(key.address, "not_in_channel", self.now))
        self.sending.pop(key)

    def send(self, key: DeliveryKey) -> None:
        """Send what is due, and check it against all that the channel was told."""
        found = changes.following(self.records, key)
        if found and (step := next_step(found, self.now)):
            assert not found.delivery.stopped_by or step in {Step.EDIT_CARD, Step.FORGET}
            if step is Step.POST_NOTICE:
                assert found.path == tuple(self.sights[self.told[found.delivery.id] :][-64:])
            self.sending[key] = step, found, len(self.sights) - 1

    def accept(self, key: DeliveryKey) -> None:
        """Record what Slack accepted."""
        step, found, number = self.sending[key]
        if step is Step.POST_NOTICE or (step is Step.POST_CARD and found.delivery.id not in self.told):
            self.told[found.delivery.id] = number
        if step in {Step.POST_CARD, Step.EDIT_CARD}:
            self.read[found.delivery.id] = found.destination.language
        task = Task(step=step, following=None if step is Step.FORGET else found, followings=(found,))
        for _, change in after_ok(task, key.address, POSTED, self.now, card_is_lost=False):
            self._change(change)

    def settle(self) -> None:
        """Let Slack accept everything: then nothing is lost, and nothing lives on that is over."""
        self.sending.clear()
        self.now += 10**6
        for key in KEYS * 4:
            self.send(key)
            if key in self.sending:
                self.accept(key)
                self.sending.pop(key)
        for key in KEYS:
            found = changes.following(self.records, key)
            if found is None:
                assert self.records.subscription(changes.keys_of(key)[1]) is None
                continue
            assert next_step(found, self.now) is None
            assert (found.is_over, found.delivery.stopped_by) == (False, None)
            assert found.delivery.told == self.told[found.delivery.id] == len(self.sights) - 1
            assert found.delivery.card
            assert found.delivery.card.fingerprint == found.fingerprint
            assert found.destination.language == self.read[found.delivery.id]

    def _job(self) -> Job:
        state = self.chance.choice(STATES)
        return Job(job_id="job-1", state=state, reject_times=self.chance.choice([None, 1, 2]))

    def _change(self, change: Change) -> None:
        """Store a change, as the store does: a job's record goes with the last delivery of it."""
        self.records = applied(self.records, change)
        if not any(self.records.delivery(key) for key in KEYS):
            self.records[REF], self.sights = None, []


@pytest.mark.parametrize("seed", range(WALKS))
def test_nothing_is_lost_or_told_twice(seed: int) -> None:
    """Whatever happens in whatever order, each channel is told each state once, until its end."""
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.go()
        if walk.chance.random() < 0.02:
            walk.settle()
    walk.settle()
