"""PURE. How the jobs of wide subscriptions come to be followed: each gets a delivery in the conversation.

What the list of jobs shows is taken in, nothing is asked for. What ended before the subscription was made,
and what was in work when the list was read for it first, is no news: it is only counted on the board.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.domain.causes import Cause
from bot.domain.job_records import new_record
from bot.domain.jobs import Job
from bot.domain.keys import Address, BoardKey, DeliveryKey, JobRef, Key, SelectorKind
from bot.domain.records import Board, Change, Delivery, JobRecord, Records, Subscription
from bot.domain.selectors import selects
from bot.domain.waiting import WAITING_STATES

NO_CAUSES: Final[Mapping[str, Cause]] = {}


def takes(wish: Subscription, job: Job) -> bool:
    """Whether a wide subscription is to a job.

    That to the project leaves out what had ended before: a project has thousands of such jobs.
    """
    if not job.state or not selects(wish.selector, job):
        return False
    return wish.selector.kind is not SelectorKind.PROJECT or not _had_ended(wish, job)


def is_news(wish: Subscription, job: Job, *, is_read: bool) -> bool:
    """Whether a job that is new to a subscription is to be announced.

    ``is_read`` is whether the whole list was read for it before.
    """
    if _had_ended(wish, job):
        return False
    return is_read or job.state in WAITING_STATES


def _had_ended(wish: Subscription, job: Job) -> bool:
    """Whether a job was over before the subscription was made; one without a time may have been."""
    return job.is_over and (job.lastupdate_time or 0) < wish.subscribed_at


def keys_to_take_in(wishes: Sequence[Subscription], jobs: Iterable[Job]) -> list[Key]:
    """Return the keys of all records that ``taken_in`` reads or makes."""
    refs = [_ref(job) for job in jobs]
    deliveries = (DeliveryKey(address, ref) for address in {it.address for it in wishes} for ref in refs)
    boards = (_board_key(it) for it in wishes)
    return [*refs, *(it.key for it in wishes), *boards, *deliveries]


def taken_in(
    wishes: Sequence[Subscription],
    jobs: Sequence[Job],
    now: int,
    *,
    is_complete: bool = False,
    causes: Mapping[str, Cause] = NO_CAUSES,
) -> Change:
    """Return the change that lets conversations follow the jobs that their wide subscriptions are to.

    A record that there is already stays, and it counts, not ``jobs``. ``is_complete``: with these jobs, the
    whole list was read for ``wishes``, and their boards say so from now on. ``causes`` tell why jobs failed.
    """

    def change(records: Records) -> Records:
        living = [found for it in wishes if (found := records.subscription(it.key)) and found.id == it.id]
        made = Records()
        for job in jobs:
            record = records.job(_ref(job)) or new_record(_ref(job), job, now, causes.get(job.job_id or ""))
            if deliveries := list(_deliveries(living, record, records)):
                made.update(Records.of(record, *deliveries))
        if is_complete:
            made.update(Records.of(*_read(living, records)))
        return made

    return change


def _deliveries(wishes: Iterable[Subscription], record: JobRecord, records: Records) -> Iterator[Delivery]:
    """Yield the deliveries that are new; in a conversation, what is news to one subscription is news."""
    found: dict[Address, bool] = {}
    for wish in wishes:
        before = records.delivery(DeliveryKey(wish.address, record.ref))
        # One that was ended by a person goes with the last edit of its card.
        if takes(wish, record.job) and (before is None or before.stopped_by):
            board = records.board(_board_key(wish))
            is_new = is_news(wish, record.job, is_read=board is not None and board.is_read)
            found[wish.address] = found.get(wish.address, False) or is_new
    for address, is_new in found.items():
        yield Delivery(address=address, job=record.ref, told=None if is_new else record.number)


def _read(wishes: Iterable[Subscription], records: Records) -> Iterator[Board]:
    """Yield the boards of these subscriptions, as read."""
    boards = filter(None, (records.board(_board_key(wish)) for wish in wishes))
    return (replace(board, is_read=True) for board in boards)


def _board_key(wish: Subscription) -> BoardKey:
    return BoardKey(wish.address, wish.selector)


def _ref(job: Job) -> JobRef:
    return JobRef.of(job.job_id or "")
