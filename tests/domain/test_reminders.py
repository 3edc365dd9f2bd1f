"""When reminders are due: days that count, the window, clocks that change, and what a person put off."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.reminders import Later, ReminderTimes, Window, put_off

BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "America/New_York", "Asia/Shanghai"
OFFICE, ALWAYS = "mon-fri 09:00-18:00", "daily 00:00-24:00"
FRIDAY, MONDAY, WEDNESDAY, TUESDAY = (f"2026-12-{day} 15:00" for day in ("04", "07", "09", "15"))
"""A turn that began on that Friday, and its first reminders after 24, 72 and 168 hours of working days."""


def times(hours: float = 24, window: str = OFFICE, zone: str = BERLIN) -> ReminderTimes:
    return ReminderTimes(hours, Window.parse(window), ZoneInfo(zone))


def at(local: str, zone: str = BERLIN) -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp())


def shown(epoch: int | None, zone: str = BERLIN) -> str | None:
    return None if epoch is None else f"{datetime.fromtimestamp(epoch, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "days", "opens", "closes", "written"),
    [
        (OFFICE, {0, 1, 2, 3, 4}, 540, 1080, OFFICE),
        ("  Mon, WED ,fri  9:00 - 17:30 ", {0, 2, 4}, 540, 1050, "mon,wed,fri 09:00-17:30"),
        ("sat - mon\t08:00-12:00", {0, 5, 6}, 480, 720, "sat-mon 08:00-12:00"),
        (ALWAYS, set(range(7)), 0, 1440, ALWAYS),
        ("tue-mon 0:00-0:01", set(range(7)), 0, 1, "daily 00:00-00:01"),
        ("mon-tue,fri,fri 1:00-2:00", {0, 1, 4}, 60, 120, "mon,tue,fri 01:00-02:00"),
        ("sun-sun 1:00-2:00", {6}, 60, 120, "sun 01:00-02:00"),
    ],
)
def test_window(text: str, days: set[int], opens: int, closes: int, written: str) -> None:
    """Days are named one by one or from one to another, around the week too; it is written in one form."""
    window = Window.parse(text)

    assert window == Window(frozenset(days), opens, closes)
    assert str(window) == written
    assert Window.parse(written) == window


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *((text, "must be days and hours, such as") for text in ("", "mon-fri", "9:00-18:00", "mon 9-18")),
        *((text, "must be days and hours, such as") for text in ("mon 9:60-18:00", "mon ٩:00-18:00")),
        *((text, "has a day that is none of mon,") for text in ("monday 9:00-18:00", "mo-fr 9:00-18:00")),
        *(
            (text, "has a day that is none of mon,")
            for text in ("mon-wed-fri 9:00-18:00", "mon,,tue 9:00-18:00")
        ),
        *((text, "has a time after 24:00") for text in ("mon 9:00-24:01", "mon 25:00-26:00")),
        *((text, "must end later than it begins") for text in ("mon 22:00-06:00", "mon 9:00-9:00")),
    ],
)
def test_what_is_no_window(text: str, says: str) -> None:
    """The sentence tells what is wrong with it."""
    with pytest.raises(ValueError, match=f"^{says}"):
        Window.parse(text)


@pytest.mark.parametrize(
    ("reminders", "began", "n", "due"),
    [
        (times(), FRIDAY, 1, MONDAY),
        (times(), FRIDAY, 2, WEDNESDAY),
        (times(), FRIDAY, 3, TUESDAY),
        (times(zone=SHANGHAI), FRIDAY, 1, MONDAY),
        (times(), "2026-12-04 20:00", 1, "2026-12-08 09:00"),
        (times(), "2026-12-05 12:00", 1, "2026-12-08 09:00"),
        (times(), "2026-12-07 06:00", 1, "2026-12-08 09:00"),
        (times(), "2026-12-07 18:00", 1, "2026-12-09 09:00"),
        (times(), "2026-12-31 15:00", 1, "2027-01-01 15:00"),
        (times(0.5), "2026-12-07 10:00", 1, "2026-12-07 10:30"),
        (times(0.5), "2026-12-07 10:00", 2, "2026-12-07 11:30"),
        (times(0.5), "2026-12-07 17:45", 1, "2026-12-08 09:00"),
        (times(24, "sat-mon 08:00-12:00"), "2026-12-07 12:00", 1, "2026-12-13 08:00"),
        (times(7, "mon 09:00-18:00"), "2026-12-28 12:00", 1, "2027-01-04 09:00"),
        (times(8760), "2026-12-07 12:00", 1, "2028-05-01 12:00"),
        (times(24, ALWAYS), "2026-10-24 12:00", 1, "2026-10-25 11:00"),
        (times(24, ALWAYS), "2027-03-27 12:00", 1, "2027-03-28 13:00"),
        (times(24, ALWAYS, NEW_YORK), "2026-10-31 12:00", 1, "2026-11-01 11:00"),
        (times(24, "sun-mon 00:00-24:00", NEW_YORK), "2026-11-01 01:00", 1, "2026-11-02 00:00"),
        (times(zone=NEW_YORK), "2026-10-30 15:00", 1, "2026-11-02 15:00"),
        (times(12, "daily 09:00-18:00", NEW_YORK), "2026-10-31 20:00", 1, "2026-11-01 09:00"),
        (times(12, "daily 02:30-04:00"), "2027-03-27 10:00", 1, "2027-03-28 03:30"),
        (times(12, "daily 02:00-03:00"), "2027-03-27 10:00", 1, "2027-03-29 02:00"),
        (times(12, "daily 02:30-04:00"), "2026-10-24 10:00", 1, "2026-10-25 02:30"),
        (times(1, "thu-fri 09:00-18:00", "Pacific/Apia"), "2011-12-29 20:00", 1, "2012-01-05 09:00"),
        (times(8760.0, ALWAYS), "2100-01-01 00:00", 5000, "2300-06-02 01:00"),
    ],
)
def test_due(reminders: ReminderTimes, began: str, n: int, due: str) -> None:
    """The pauses double in time that counts; what is due outside the window comes at its next opening."""
    zone = reminders.zone.key

    assert shown(reminders.nth(at(began, zone), n), zone) == due


def test_an_hour_that_comes_twice() -> None:
    """A window that opens in it opens the first time, and is open until it closes."""
    begin, window = at("2026-10-24 10:00"), "daily 02:30-03:00"
    first = at("2026-10-25 02:30")

    assert [times(hours, window).nth(begin, 1) - first for hours in (12, 16.5, 17, 17.75)] == [
        0,
        0,
        1800,
        4500,
    ]


@pytest.mark.parametrize(
    ("hours", "later", "n", "due"),
    [
        (24, "2026-12-05 09:00", 1, "2026-12-07 09:00"),
        (24, "2026-12-05 09:00", 2, "2026-12-09 09:00"),
        (24, "2026-12-05 09:00", 3, "2026-12-15 09:00"),
        (24, FRIDAY, 1, FRIDAY),
        (0.5, "2026-12-05 09:00", 2, "2026-12-07 10:00"),
    ],
)
def test_due_after_it_was_put_off(hours: float, later: str, n: int, due: str) -> None:
    """The first is due then, or as soon as the window opens; the pauses go on with the second."""
    assert shown(times(hours).nth_after(at(later), n)) == due


@pytest.mark.parametrize(
    ("later", "after", "now", "last", "following"),
    [
        (None, FRIDAY, "2026-12-07 14:59", None, MONDAY),
        (None, FRIDAY, MONDAY, (1, MONDAY), WEDNESDAY),
        (None, MONDAY, "2026-12-08 09:00", None, WEDNESDAY),
        (None, FRIDAY, "2026-12-16 09:00", (3, TUESDAY), "2026-12-25 15:00"),
        (None, TUESDAY, MONDAY, None, "2026-12-25 15:00"),
        ("2026-12-10 09:00", FRIDAY, WEDNESDAY, None, "2026-12-10 09:00"),
        ("2026-12-10 09:00", MONDAY, "2026-12-10 09:00", (1, "2026-12-10 09:00"), "2026-12-14 09:00"),
        ("2026-12-03 09:00", FRIDAY, "2026-12-08 09:00", (1, MONDAY), WEDNESDAY),
    ],
)
def test_last_and_next(
    later: str | None, after: str, now: str, last: tuple[int, str] | None, following: str
) -> None:
    """Of those that were missed the last one counts; what was put off before the turn began does not."""
    given_times = (at(FRIDAY), at(later) if later else None, at(after), at(now))
    found = times().last_due(*given_times)

    assert (found and (found[0], shown(found[1]))) == last
    assert shown(times().next_due(*given_times)) == following


def test_no_reminders() -> None:
    """Zero hours mean that none is ever due."""
    assert times(0).last_due(0, None, 0, at(MONDAY)) is None
    assert times(0).next_due(0, at(MONDAY), 0, 0) is None


@pytest.mark.parametrize(
    ("choice", "now", "until"),
    [
        (Later.TOMORROW, "2026-12-04 00:00", "2026-12-05 09:00"),
        (Later.IN_TWO_DAYS, "2026-12-30 23:59", "2027-01-01 09:00"),
        (Later.NEXT_MONDAY, "2026-12-06 23:59", "2026-12-07 09:00"),
        (Later.NEXT_MONDAY, "2026-12-07 00:00", "2026-12-14 09:00"),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI])
def test_put_off(choice: Later, now: str, until: str, zone: str) -> None:
    """The day is counted where the team is; next Monday is never today."""
    assert shown(put_off(choice, at(now, zone), ZoneInfo(zone), Window.parse(OFFICE)), zone) == until


WINDOWS = some.builds(
    lambda days, hours: Window(days, min(hours) * 60, max(hours) * 60),
    some.frozensets(some.integers(0, 6), min_size=1),
    some.sets(some.integers(0, 24), min_size=2, max_size=2),
)
ZONES = some.sampled_from([BERLIN, NEW_YORK, SHANGHAI, "Asia/Gaza", "Australia/Lord_Howe", "UTC"]).map(
    ZoneInfo
)
HOURS = some.sampled_from([0.0001, 0.25, 1, 24, 31.75, 8760])
MOMENTS = some.integers(0, 4_102_444_800)  # the year 2100


@given(hours=HOURS, window=WINDOWS, zone=ZONES, began=MOMENTS, now=MOMENTS, later=some.none() | MOMENTS)
def test_any_time(
    hours: float, window: Window, zone: ZoneInfo, began: int, now: int, later: int | None
) -> None:
    """Reminders are inside the window, in order, not before the turn, and the next one is always known."""
    reminders = ReminderTimes(hours, window, zone)
    start = began if later is None else later
    due = [(reminders.nth if later is None else reminders.nth_after)(start, n) for n in range(1, 5)]
    following = reminders.next_due(began, later, 0, now)

    assert [start, *due] == sorted([start, *due])
    assert hours < 24 or len(set(due)) == len(due)
    for local in (datetime.fromtimestamp(each, zone) for each in due):
        assert local.weekday() in window.days
        assert window.opens <= local.hour * 60 + local.minute < window.closes
    assert following is not None
    assert following > now


@given(
    days=some.frozensets(some.integers(0, 6), min_size=1),
    zone=ZONES,
    quarter=some.integers(0, 4_102_444_800 // 900),
    quarters=some.integers(1, 300),
)
def test_time_that_counts(days: frozenset[int], zone: ZoneInfo, quarter: int, quarters: int) -> None:
    """As many quarters of an hour as it should be have passed on the days that count, whatever clocks did."""
    began = datetime.fromtimestamp(quarter * 900, zone)
    due = ReminderTimes(quarters / 4, Window(days, 0, 1440), zone).nth(quarter * 900, 1)
    passed = (due - quarter * 900) // 900
    starts = (began.astimezone(ZoneInfo("UTC")) + timedelta(minutes=15 * each) for each in range(passed))

    assert sum(start.astimezone(zone).weekday() in days for start in starts) == quarters
