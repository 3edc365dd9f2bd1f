"""PURE. Who may be named in which command."""

from dataclasses import replace
from typing import Final

from bot.domain.job_ids import SOME_JOB, SOME_PERSON
from bot.domain.job_names import Wanted
from bot.errors import BadUsage
from bot.listeners.mentions import MOST_MENTIONS, Named, mention
from bot.listeners.request import (
    ChannelIsNoJob,
    OtherChannel,
    OtherPerson,
    PersonElsewhere,
    PersonInPrivate,
    Request,
    TooManyPeople,
    Verb,
    WholeChannel,
)

_TO_SUBSCRIBE: Final = f"{Verb.SUBSCRIBE.value} "
_FOR_ME: Final = " me"


def with_names(request: Request, named: Named) -> Request:
    """Add to a command whom it names. Raises BadUsage where it can't name them."""
    if request.verb is Verb.HELP:
        return request
    is_look_up = request.verb in {Verb.LOOK_UP, Verb.START}
    if refused := _refused_look_up(request, named) if is_look_up else _refused(named, str(request)):
        raise refused
    if guess := request.wanted.guess:
        guess.meant = _with_people(guess.meant, named)
    return replace(request, mentions=named.ids)


def with_names_in(error: BadUsage, named: Named) -> BadUsage:
    """Return what is wrong with a command that names somebody; what is meant names them, too."""
    if refused := _refused(named, error.meant) if error.meant else None:
        return refused
    error.meant = _with_people(error.meant, named)
    return error


def _refused(named: Named, meant: str) -> BadUsage | None:
    """Return why a command can't name whom it names; None if it can."""
    way = _with_people(meant, named)
    if named.channel:
        return OtherChannel(named.channel, meant=way)
    if named.everyone:
        return WholeChannel(named.everyone, meant=way)
    if named.person and not meant.startswith(_TO_SUBSCRIBE):
        return PersonElsewhere(named.person, meant=way)
    if named.person and meant.endswith(_FOR_ME):
        return PersonInPrivate(named.person, meant=way)
    if named.unknown:
        return OtherPerson(named.unknown, meant=way)
    return TooManyPeople(str(len(named.ids)), meant=way) if len(named.ids) > MOST_MENTIONS else None


def _refused_look_up(request: Request, named: Named) -> BadUsage | None:
    """Return why a look-up can't name whom it names; a channel beside an id does no harm."""
    wanted, guess = request.wanted, request.wanted.guess
    if named.channel and (wanted.name or request.verb is Verb.START):
        meant = str(request) or f"{_TO_SUBSCRIBE}{SOME_JOB}"
        return ChannelIsNoJob(named.channel, meant=meant)
    meant = str(Request(Verb.SUBSCRIBE, wanted if wanted.typed else Wanted(SOME_JOB)))
    if guess and guess.meant.startswith(_TO_SUBSCRIBE):
        meant = guess.meant
    if named.everyone:
        return WholeChannel(named.everyone, meant=_with_people(meant, named))
    return PersonElsewhere(named.person, meant=_with_people(meant, named)) if named.person else None


def _with_people(meant: str, named: Named) -> str:
    """Add to the command that is meant those who are named, or a word for them."""
    if not meant.startswith(_TO_SUBSCRIBE) or meant.endswith(_FOR_ME):
        return meant
    are_too_many = len(named.ids) > MOST_MENTIONS
    somebody = [SOME_PERSON] if are_too_many or named.unknown or named.everyone else []
    return " ".join([meant, *somebody, *([] if are_too_many else map(mention, named.ids))])
