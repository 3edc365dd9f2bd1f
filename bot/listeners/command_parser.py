"""PURE. Parser of the text after the slash command."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.characters import normalised
from bot.domain.job_ids import SOME_JOB, UUID, job_id_in, unquoted
from bot.domain.job_names import Wanted
from bot.domain.keys import Selector, SelectorKind
from bot.domain.languages import Language
from bot.errors import BadUsage, NoJobId
from bot.listeners.command_words import (
    GUESSES,
    LANGUAGES,
    ME,
    MINE,
    NOISE,
    SHOW,
    VERBS,
    close_to,
    is_everything,
    is_name,
    language_named,
    named_behind,
    pieces,
    plain,
    shown,
    split,
    unwrapped,
    verb_in,
)
from bot.listeners.job_words import about_job, by_name, certain_id, ids_in, names_for_sure
from bot.listeners.mentions import named_in
from bot.listeners.naming import with_names, with_names_in
from bot.listeners.request import EndsOne, OtherChannel, OtherPerson, Request, UnknownLanguage, Verb
from bot.listeners.wide_words import about_many, guess_of_many


def parse(text: str) -> Request:
    """Parse what follows the command. Raises BadUsage; its ``meant`` is the command that may be meant."""
    named = named_in(unwrapped(text))
    try:
        request = _parsed(named.rest)
    except BadUsage as error:
        raise with_names_in(error, named) from None
    return with_names(request, named)


def _parsed(text: str) -> Request:
    """Parse a command in which nobody is named. Raises BadUsage."""
    typed = normalised(text)
    words = split(typed)
    first = plain(words[0]) if words and not (len(words) == 1 and is_name(words[0])) else ""
    verb = VERBS.get(first, "")
    if not typed.strip():
        return Request(Verb.START)
    if not words or (verb == Verb.HELP.value and not UUID.search(typed)):
        return Request(Verb.HELP)
    if verb:
        return _read(Verb(verb), words[1:], typed, named_behind(text, words[0]))
    guess = _guessed(words, first, named_behind(text, words[0]))
    if any(names_for_sure(word) for word in words):
        if guess:
            raise guess
        return Request(Verb.LOOK_UP, Wanted(_looked_up_id(words, typed)))
    name = named_behind(text, "")
    return Request(Verb.LOOK_UP, by_name(words, name, guess or guess_of_many(name)))


def _guessed(words: Sequence[str], first: str, behind: str) -> BadUsage | None:
    """Return what a person may have meant who typed no command, unless it is a job's name.

    ``behind`` is what was typed behind the first word.
    """
    if len(words) == 1 and is_name(words[0]):
        return None
    if guess := GUESSES.get(first) or (first.isalpha() and close_to(first, VERBS.values())):
        return BadUsage(shown(words[0]), meant=_meant(Verb(guess), words[1:], behind))
    for number, word in enumerate(words):
        if (guess := verb_in(word)) in {"subscribe", "unsubscribe", "language"}:
            rest = [*words[:number], *words[number + 1 :]]
            return BadUsage(shown(word), meant=_meant(Verb(guess), rest))
    if len(words) == 1 and (language := LANGUAGES.get(first)):
        meant = str(Request(Verb.LANGUAGE, language=language, for_me=True))
        return BadUsage(shown(words[0]), meant=meant)
    return None


def _read(verb: Verb, words: Sequence[str], typed: str, name: str = "") -> Request:
    """Parse what follows a verb; ``name`` is the same as it was typed.

    Raises BadUsage, also for any word that is left over.
    """
    if verb in {Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.DETAILS}:
        return _about_jobs(verb, words, typed, name or " ".join(words))
    if verb is Verb.LANGUAGE:
        return _language(words)
    if verb is Verb.LIST and words and all(plain(word) in MINE for word in words):
        return Request(Verb.MINE)
    if words:
        raise BadUsage(" ".join(words), meant=str(Request(verb)))
    return Request(verb)


def _about_jobs(verb: Verb, words: Sequence[str], typed: str, name: str) -> Request:
    """Parse which jobs are meant, and who is told of what. Raises BadUsage."""
    for_me = any(plain(word) in MINE for word in words)
    if verb is Verb.UNSUBSCRIBE and is_everything(words):
        raise EndsOne(" ".join(words), meant=str(Request(Verb.MINE if for_me else Verb.LIST)))
    if many := about_many(verb, name) if verb is not Verb.DETAILS else None:
        return many
    if verb is Verb.SUBSCRIBE and is_everything(words):
        project = Selector(SelectorKind.PROJECT, "")
        raise BadUsage(" ".join(words), meant=str(Request(verb, for_me=for_me, selector=project)))
    found = about_job(verb, [piece for word in words for piece in pieces(word)], typed, name)
    if verb is not Verb.DETAILS or found.wanted.guess or not (guess := guess_of_many(name)):
        return found
    return replace(found, wanted=replace(found.wanted, guess=guess))


def _language(words: Sequence[str]) -> Request:
    """Parse the language, and whose it is. Raises BadUsage."""
    named = [language for word in words if (language := language_named(word))]
    left = [word for word in words if not language_named(word) and plain(word) not in ME | NOISE]
    for_me = any(plain(word) in ME for word in words)
    if left or len(set(named)) > 1:
        guessed = [*named, *(LANGUAGES[close] for word in left if (close := close_to(word, LANGUAGES)))]
        meant = Request(Verb.LANGUAGE, language=next(iter(guessed), Language.EN), for_me=for_me)
        kind = BadUsage if guessed else UnknownLanguage
        raise kind(" ".join(map(shown, left or words)), meant=str(meant))
    return Request(Verb.LANGUAGE, language=next(iter(named), None), for_me=for_me)


def _looked_up_id(words: Sequence[str], typed: str) -> str:
    """Return the one job id among the words of a look-up. Raises BadUsage."""
    job_id = certain_id(words, typed)
    if len(words) == 1:
        # Brackets, or words without a blank around an id, do no harm.
        return job_id or job_id_in(typed if "://" in typed else words[0])
    if not job_id:
        raise NoJobId(unquoted(typed))
    first = plain(words[0])
    if first.isascii() and first.isalpha() and first not in NOISE | SHOW:
        raise BadUsage(shown(words[0]), meant=job_id)
    return job_id


def _meant(verb: Verb, words: Sequence[str], name: str = "") -> str:
    """Return the command that was meant, with the right verb. Raises OtherChannel, OtherPerson."""
    if verb not in {Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.DETAILS, Verb.LANGUAGE}:
        ids = [found for word in words for found in ids_in(word)]
        return next(iter(ids), str(Request(verb)))
    try:
        return str(_read(verb, words, "", name))
    except (OtherChannel, OtherPerson):
        raise  # that matters more than how the verb is written
    except BadUsage as error:
        return error.meant or f"{verb.value} {SOME_JOB}"
