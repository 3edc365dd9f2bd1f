"""Job ids in what people type and paste."""

import re
from contextlib import suppress

import pytest
from hypothesis import given

from bot.domain.job_ids import job_id_from
from bot.errors import BadJobId, BadLink
from tests.profiles import examples
from tests.strategies import texts

UUID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
OTHER = "3c9d1f00-1111-4222-8333-444455556666"
IDS = f"{UUID} {UUID.upper()} a A-b_9 - _ __ _my_job_ -a- a_ {'x' * 64}"


@pytest.mark.parametrize("job_id", IDS.split())
def test_id_is_taken_as_it_is(job_id: str) -> None:
    """It has 1 to 64 letters, digits, hyphens and underscores, and may be in bold; ``_x_`` is no italics."""
    assert job_id_from(job_id) == job_id_from(f"*{job_id}*") == job_id
    assert job_id_from(f"https://console.example/x/jobs/{job_id}?tab=1") == job_id


WRAPPED = "`{}` ```{}``` \"{}\" '{}' “{}” „{}“ ‘{}’ «{}» ‹{}› ´{}´ 「{}」 ＂{}＂ ~*`{}`*~ {}. {}、"  # noqa: RUF001


@pytest.mark.parametrize("wrapping", [*WRAPPED.split(), "\u3000{}\u202f", ' " `{}` " '], ids=ascii)
def test_wrapping_does_no_harm(wrapping: str) -> None:
    """Quotes, also typographic ones, backticks and blanks of any kind go, and smart dashes become plain."""
    smart = UUID.replace("-", "–").replace("a", "\u200bａ")  # noqa: RUF001

    assert job_id_from(wrapping.format(UUID)) == job_id_from(wrapping.format(smart)) == UUID


WORDS = "`` ../x . a/b a\\b %2e%2e a?b a#b a:b a;b a@b 女声 ١٢٣ a*b 👍 <!channel> <@U0BOB> {job_id}"
NO_IDS = [*WORDS.split(), "", "   ", "a b", "a\r\nX-Evil: 1", "a\x00b", "x" * 65, "x" * 10_000, "\ud800"]


@pytest.mark.parametrize("text", NO_IDS, ids=lambda text: ascii(text)[:24])
def test_anything_else_is_refused(text: str) -> None:
    """What can't be an id is refused, and never becomes part of a path."""
    with pytest.raises(BadJobId):
        job_id_from(text)


@given(texts())
@examples(100)
def test_id_never_leaves_its_place_in_the_path(text: str) -> None:
    """Whatever is typed, it is refused in our own words, or what comes out is safe in a path."""
    with suppress(BadJobId, BadLink):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", job_id_from(text))


NAMING = f"""
    https://c.example/voice/jobs/{{}}          https://c.example/voice/jobs/{{}}?tab=1#x
    https://c.example/#/voice?job_id={{}}       https://c.example/voice?JobID={{}}
    HTTPS://C.EXAMPLE/jobs/{{}}/result         <https://c.example/voice/jobs/{{}}|c.example/voice>
    “https://c.example/voice/jobs/{{}}”         ~<https://c.example/voice/jobs/{{}}|~x~>~
    https：／／c.example/jobs/{{}}              (https://c.example/jobs/{{}})
    https://c.example/~me/jobs/{{}}.           c.example/voice/jobs/{{}}?tab=1
    https://c.example/p/{OTHER}/Jobs/{{}}      https://c.example/?s={OTHER};job_id={{}}
    https://c.example/?s={OTHER}&#38;job_id={{}}    https://c.example/?s={OTHER}&#x26;job_id={{}}&amp;#38;a=1
    https://c.example/?s={OTHER}&job%5Fid%3D{{}}    https://c.example/?dhtms_job_id={OTHER}&job_id={{}}
    https://c.example/jobs/{{}}?job_id={{}}#{{}}
    https://c.example/?next=https%253A%252F%252Fc.example%252F%253Fjob_id%253D{{}}
    https://c.example/?s=c%253Fproject%253D{OTHER}%2526%252338%253Bjob_id%253D{{}}
""".split()  # noqa: RUF001
NAMING += ["<https://c.example/voice?a=1&amp;job_id={}&amp;b=2|voice &amp; more>"]
"""Links that name their job: in the path, in the query or in the fragment, as Slack sends them too."""


@pytest.mark.parametrize("job_id", [UUID, "abcdefg"])
@pytest.mark.parametrize("link", NAMING)
def test_id_in_a_link_is_found(link: str, job_id: str) -> None:
    """The id that is named as such is found, whatever other UUID the link has, and however often."""
    assert job_id == job_id_from(link.replace("{}", job_id))


HAVING = """
    https://c.example/voice/{}            https://c.example/voice?task={}     https://c.example/voice#{}
    https://c.example/voice/{}.html       https://c.example/jobs/{};s=1       https://c.example/jobs/{}_
    https://c.example/?job_id=%22{}%22    https://c.example/?training_job_id={}    *_https://c.example/jobs/{}_*
"""


@pytest.mark.parametrize("link", HAVING.split())
def test_uuid_in_a_link_is_found(link: str) -> None:
    """A UUID is taken for the id wherever it stands, if it is the only one."""
    assert job_id_from(link.format(UUID)) == UUID


UNCLEAR = f"""
    https://c.example/voice          https://                         https://c.example/{UUID}/{OTHER}
    https://c.example/jobs/../x      https://c.example/jobs/%2e%2e    https://c.example/jobs/女声
    https://c.example/jobs/a%0d%0ab  https://c.example/jobs/{UUID}?next=/jobs/{OTHER}
    https://c.example/?job_id={UUID}&job_id={OTHER}         <https://c.example/voice|{UUID}>
    https://c.example/jobs/first?next=/jobs/second&job_id=third
    https://c.example/?next=%2Fjobs%2F{UUID}%26job_id%3D{OTHER}
    https://c.example/?s={OTHER}&job_id=abc.def             https://c.example/p/{OTHER}/jobs/a%20b
    https://c.example/?s={OTHER}&jobId={"x" * 65}           https://c.example/jobs/{OTHER}?job_id=abc.def
    https://c.example/?s={OTHER}&training_job_id=abc123     https://c.example/?job_id=&s={OTHER}
    https://c.example/?s={OTHER}&next=%25252Fjobs%25252Fabc https://c.example/{"x" * 10_000}
    https://c.example/?s={OTHER}&next=%2525252525252Fjobs%2525252525252Fabc
""".split()
UNCLEAR += [f"https://a.example/jobs/{UUID} https://b.example/jobs/{OTHER}"]


@pytest.mark.parametrize("link", UNCLEAR, ids=lambda link: ascii(link)[:60])
def test_link_without_one_clear_id_is_refused(link: str) -> None:
    """A link that holds no id, or several, or one that can't be one, is refused, never guessed."""
    with pytest.raises(BadLink):
        job_id_from(link)
