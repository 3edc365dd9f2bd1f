"""Proxies: which one is used for an address, and what is none."""

import pytest
from yarl import URL

from bot.errors import BadSettings
from bot.network.proxies import problems, proxy_for
from bot.network.variables import check_environment

PROXY = "http://proxy.example:3128"
ENDPOINT = "https://metastudio.cn-north-4.myhuaweicloud.com/v1"


@pytest.mark.parametrize(
    ("environment", "address", "proxy"),
    [
        ({}, ENDPOINT, None),
        ({"HTTPS_PROXY": "proxy.example:3128"}, ENDPOINT, PROXY),
        ({"ALL_PROXY": PROXY}, ENDPOINT, PROXY),
        ({"HTTPS_PROXY": PROXY}, "wss://wss-primary.slack.com/link", PROXY),
        ({"http_proxy": PROXY}, "ws://127.0.0.1:8080/link", PROXY),
        ({"HTTPS_PROXY": "", "HTTP_PROXY": PROXY}, ENDPOINT, None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": ".myhuaweicloud.com"}, ENDPOINT, None),
        ({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY, "ALL_PROXY": "socks5://p:1"}, ENDPOINT, PROXY),
    ],
    ids=str,
)
def test_which_proxy_is_used(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: str, proxy: str | None
) -> None:
    """It is the one of the address's scheme, or ALL_PROXY."""
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    check_environment()

    assert proxy_for(URL(address)) == (proxy and URL(proxy))


DIRECT = [
    ("*", "a.example"),
    ("*.example", "a.example"),
    ("A.Example.", "b.a.example"),
    (",, ,b.example a.example,", "a.example"),
    ("a.example:443", "a.example"),
    ("10.1.2.4/8", "10.1.2.3"),
    ("[fd07::]/64", "[fd07::5]"),
    ("[::1]:8443", "[::1]:8443"),
    ("0:0:0:0:0:0:0:1", "[::1]"),
    ("fe80::1", "[fe80::1%25eth0]"),
    ("xn--bcher-kva.example", "bücher.example"),
    (".BÜCHER.example:443", "a.xn--bcher-kva.example"),
    ("my_host.example", "my_host.example"),
]
UNREADABLE = (
    "10.0.0.0/99, fd07::/645, [, ], ]:[, [::1:80, :::, :80, %, a..b, \x01, 你好, http://[, 1.2.3.4.5, :"
)
BY_PROXY = [
    ("example.com", "badexample.com"),
    ("a.example:8443, b.a.example, 10.0.0.0/8, ., *.", "a.example"),
    ("a.example, ü..ü, \u00ad, \udcff, .bücher.example", "example"),
    ("[::1]:8443, 0.0.0.0/0", "[::1]"),
    ("2.3", "10.1.2.3"),
    *((UNREADABLE, host) for host in ("a.example", "[fd07::5]")),
]


def test_what_goes_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What NO_PROXY names, in the forms that are common; what can't be read there is skipped."""
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    for entries, host in DIRECT + BY_PROXY:
        monkeypatch.setenv("NO_PROXY", entries)
        is_direct = proxy_for(URL(f"https://{host}/")) is None

        assert is_direct is ((entries, host) in DIRECT), (entries, host)


NO_HOST = ("http://", "http://[", "http://a..b:1", "http://a b:1", "http://127.1:1", "http:/proxy:1", "::1")
NO_LOGIN = ("odd://me:hush@proxy", "http://me:%D0%BF@proxy:1", "http://m%3Ae:hush@proxy:1")
NO_END = (
    "http://proxy:",
    "http://proxy:0",
    "http://proxy/a.pac",
    "http://proxy:1?hush",
    "http://proxy:1#hush",
)


def test_what_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named by its key, without its password; ALL_PROXY only where it is used (desktops with SOCKS)."""
    for proxy in NO_HOST + NO_LOGIN + NO_END:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(BadSettings, match="HTTPS_PROXY: can't be used: a proxy must be") as refused:
            check_environment()
        assert "hush" not in str(refused.value.problems), proxy
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    named = []
    for key, value in (("HTTPS_PROXY", ""), ("HTTP_PROXY", PROXY), ("https_proxy", PROXY)):
        monkeypatch.setenv(key, value)
        named += [problem.split(":")[0] for problem in problems()]

    assert named == ["ALL_PROXY"] * 2
