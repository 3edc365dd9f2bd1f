"""Why a job failed or was sent back, for whoever asks, on the looked-up card, and in the channel."""

import pytest

from bot.config import Settings
from bot.messages import claims, job_card
from bot.simulators.metastudio.simulator import Fault
from bot.simulators.world import running
from tests.services.room import Room, buttons
from tests.support import AT_ONCE

REVIEWER = "Reviewer at MetaStudio: “The authorization letter is not signed."
MACHINE = "Automatic review: Audio that can't be read as WAV (audio_0.wav, audio_1.wav and 10 more)"
FORBIDDEN = Fault.error(403, "APIGW.0302")


@pytest.fixture
def sent_back(room: Room) -> Room:
    """Give a room whose job was sent back by a reviewer."""
    for state in ("SYSTEM_AUDITING", "AUDITING", "AUDIT_FAILED"):
        room.metastudio.set_state(room.job_id, state)
    room.metastudio.requests.clear()
    return room


async def test_why_on_the_card_and_at_length(sent_back: Room) -> None:
    """A looked-up card has it in a line; its button Why? shows all, and Refresh asks once more."""
    card = await sent_back.ask(sent_back.job_id)
    told = await sent_back.press(card, job_card.DETAILS)
    sent_back.metastudio.set_state(sent_back.job_id, "SYSTEM_AUDITING")
    later = await sent_back.press(told, job_card.DETAILS_AGAIN)

    assert REVIEWER in card.text
    assert ["Why?" in str(each.blocks) for each in (card, told)] == [True, False]
    assert "> The authorization letter is not signed.\n> Please sign every page" in str(told.blocks).replace(
        "\\n", "\n"
    )
    assert "authorization-remarks.pdf" in str(told.blocks)
    assert buttons(told) == [job_card.DETAILS_AGAIN]
    assert (later.ts, REVIEWER in later.text) == (told.ts, False)
    assert "Earlier results" in str(later.blocks)
    assert "bucket.example" not in f"{card} {told} {later}"


async def test_an_old_result_is_never_the_cause(sent_back: Room) -> None:
    """What was sent back by a person, uploaded again, and refused by the machine, is the machine's."""
    sent_back.metastudio.set_state(sent_back.job_id, "SYSTEM_AUDITING")
    for operation in sent_back.metastudio.operations[sent_back.job_id][:-1]:
        operation["time"] -= 3600
    sent_back.metastudio.audits[sent_back.job_id]["admin_audit_result"]["audit_time"] -= 3600
    sent_back.metastudio.set_state(sent_back.job_id, "AUDIT_FAILED")
    card = await sent_back.ask(sent_back.job_id)

    assert (MACHINE in card.text, REVIEWER in card.text) == (True, False)


@pytest.mark.parametrize(
    ("on", "fault"),
    [("audit", FORBIDDEN), ("op-logs", FORBIDDEN), ("audit", Fault.empty())],
    ids=["audit refused", "op-logs refused", "audit empty"],
)
async def test_one_of_two_calls_fails(sent_back: Room, on: str, fault: Fault) -> None:
    """The other one's answer is shown, with what is missing; each is asked once."""
    sent_back.metastudio.fail(fault, times=9, on=on)  # type: ignore[arg-type]
    told = await sent_back.ask(f"details {sent_back.job_id}")
    missing = "the results of the reviews" if on == "audit" else "the history"

    assert f"MetaStudio did not give me {missing}." in told.text
    assert REVIEWER in told.text
    requests = [sent_back.metastudio.requests_to(api) for api in ("show", "audit", "op-logs")]
    assert requests == [1, 1, 1]


async def test_the_job_itself_fails(sent_back: Room) -> None:
    """Its own error is told, with a button that asks for the details again."""
    sent_back.metastudio.fail(Fault.error(503, "APIGW.0613"), times=3, on="show")
    problem = await sent_back.ask(f"why {sent_back.job_id}")

    assert "has a fault" in problem.text
    assert "Please sign" in str((await sent_back.press(problem, job_card.DETAILS_AGAIN)).blocks)


@pytest.mark.parametrize("fails", [(), ("audit",), ("op-logs",), ("audit", "op-logs")])
async def test_the_channel_hears_why(room: Room, fails: tuple[str, ...]) -> None:
    """The notice and the card have the reason that was found; without any, they come all the same."""
    await room.subscribe()
    for state in ("SYSTEM_AUDITING", "AUDITING"):
        room.metastudio.set_state(room.job_id, state)
    await room.posted("→ In manual review")
    for on in fails:
        room.metastudio.fail(FORBIDDEN, times=99, on=on)  # type: ignore[arg-type]
    room.metastudio.set_state(room.job_id, "AUDIT_FAILED")
    notice = await room.posted("→ Recordings rejected")
    card = await room.posted("`: Recordings rejected")

    is_known = len(fails) < 2
    assert [REVIEWER in each.text for each in (notice, card)] == [is_known] * 2
    assert buttons(notice) == [claims.TAKE, claims.LATER, job_card.DETAILS]
    room.metastudio.set_state(room.job_id, "SYSTEM_AUDITING")
    assert REVIEWER not in (await room.posted("`: In automatic review")).text


async def test_a_reason_that_is_known_counts_for_its_state_alone(
    quiet_room: Room, settings: Settings
) -> None:
    """A look-up that finds the job sent back once more, before the next check, asks anew."""
    room, slow = quiet_room, settings.model_copy(update={"voicejob_poll_seconds": 3600})
    room.metastudio.set_state(room.job_id, "AUDITING")
    room.metastudio.set_state(room.job_id, "AUDIT_FAILED")
    async with running(slow, rates=AT_ONCE):
        await room.subscribe()
        for operation in room.metastudio.operations[room.job_id]:
            operation["time"] -= 3600
        room.metastudio.audits[room.job_id]["admin_audit_result"]["audit_time"] -= 3600
        room.metastudio.set_state(room.job_id, "SYSTEM_AUDITING")
        room.metastudio.set_state(room.job_id, "AUDIT_FAILED")
        assert REVIEWER in room.card.text
        assert MACHINE in (await room.ask(room.job_id)).text


async def test_what_is_sent_back_already_when_it_is_subscribed(sent_back: Room) -> None:
    """Its first card says why; and what is known of it is not asked for again."""
    await sent_back.subscribe()
    sent_back.metastudio.requests.clear()
    looked_up = await sent_back.ask(sent_back.job_id)

    assert [REVIEWER in each.text for each in (sent_back.card, looked_up)] == [True, True]
    assert sent_back.metastudio.requests_to("audit") == 0
