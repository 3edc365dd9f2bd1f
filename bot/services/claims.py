"""What people say of a job that waits for the customer: that they see to it, give it up, or put it off."""

from collections.abc import Iterable, Mapping
from functools import partial

from bot.domain import claims as changes
from bot.domain.claims import Turn
from bot.domain.job_records import turn_began
from bot.domain.keys import Address, JobRef
from bot.domain.records import Change, JobRecord
from bot.domain.reminders import Later, ReminderTimes, put_off
from bot.domain.workspace import Workspace
from bot.messages import claims
from bot.messages.context import Answer
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.services.audit import note
from bot.services.caller import Caller
from bot.slack.people import People
from bot.store import Store
from bot.telemetry.metrics import Metrics


class ClaimService:
    """Who sees to a job: it belongs to the job, wherever it was said. Methods raise StoreTrouble."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        people: People,
        workspace: Workspace,
        times: ReminderTimes,
        metrics: Metrics,
        *,
        clock: Clock,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._people = people
        self._team_id = workspace.team_id
        self._times = times
        self._metrics = metrics
        self._clock = clock

    async def take(self, caller: Caller, job_id: str, turn: Turn, *, takes_over: bool = False) -> Answer:
        """Let a person see to a job, unless somebody does whom they do not ask to give it up.

        Raises MetaStudioError.
        """
        ref, person, now = JobRef.of(job_id), Address(self._team_id, caller.user_id), int(self._clock())
        before = await self._record(ref)
        job = before.job if before else await self._metastudio.stated_job(job_id)
        change = changes.claimed(ref, job, turn, person, now, takes_over=takes_over)
        record = await self._changed(ref, change)
        if record is None or record.claim is None or turn.is_over(record.job):
            return partial(claims.moved_on, record.job if record else job)
        if record.claim.person != person:
            return partial(claims.taken_by, record, record.claim)
        if before is None or before.claim != record.claim:
            self._note_taken(caller, record, before)
        return partial(claims.taken, record)

    async def release(self, caller: Caller, job_id: str, turn: Turn) -> Answer:
        """Let nobody see to a job any more."""
        ref = JobRef.of(job_id)
        before = await self._record(ref)
        if before is None:
            return claims.not_reminded
        if turn.is_over(before.job):
            return partial(claims.moved_on, before.job)
        if before.claim is None:
            return partial(claims.nobody_has_it, before)
        await self._changed(ref, changes.released(ref, turn, int(self._clock())))
        self._metrics.claim("released")
        note("released", caller, job_id)
        return partial(claims.released, before)

    async def put_off(self, caller: Caller, job_id: str, turn: Turn, choice: Later) -> Answer:
        """Put off the next reminder of a job, by the clock of the person who asks, or else the operator's."""
        ref, now = JobRef.of(job_id), int(self._clock())
        before = await self._record(ref)
        if before is None or not self._times.hours:
            return claims.not_reminded
        zone = await self._people.zone(caller.user_id) or self._times.zone
        until = self._times.nth_after(put_off(choice, now, zone, self._times.window), 1)
        record = await self._changed(ref, changes.put_off(ref, turn, until))
        if record is None or turn.is_over(record.job):
            return partial(claims.moved_on, record.job if record else before.job)
        self._metrics.claim("put_off")
        note("put off", caller, job_id)
        return partial(claims.put_off, record)

    async def claimed(self, job_ids: Iterable[str]) -> Mapping[str, JobRecord]:
        """Return what is stored of those of these jobs that somebody sees to, by job id."""
        records = await self._store.get([JobRef.of(job_id) for job_id in job_ids])
        found = (records.job(key) for key in records if isinstance(key, JobRef))
        return {each.ref.job_id: each for each in found if each and each.claim}

    def _note_taken(self, caller: Caller, record: JobRecord, before: JobRecord | None) -> None:
        has_changed_hands = before is not None and before.claim is not None
        self._metrics.claim("taken_over" if has_changed_hands else "taken")
        note("taken over" if has_changed_hands else "taken", caller, record.ref.job_id)
        if not has_changed_hands:
            self._metrics.taken(record.sights[-1].state, self._clock() - turn_began(record))

    async def _record(self, ref: JobRef) -> JobRecord | None:
        return (await self._store.get([ref])).job(ref)

    async def _changed(self, ref: JobRef, change: Change) -> JobRecord | None:
        return (await self._store.change([ref], change)).job(ref)
