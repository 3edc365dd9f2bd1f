"""The proxies that the environment names, as Python's ``urllib.request`` reads them."""

from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx
from yarl import URL

from bot.errors import BadSettings

SCHEMES: Final = ("http", "https", "all")
PORTS: Final = {"http": 80, "https": 443}
REFUSED: Final = (
    "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY: can't be used: a proxy must be an address like "
    "http://host:port"
)
"""Without the address itself, which may hold a password."""


def proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy over which an address is reached; None if it is reached without one."""
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    # Python takes a host as NO_PROXY names it, with its port or without.
    is_direct = proxy_bypass(url.host) or proxy_bypass(f"{url.host}:{url.port or PORTS.get(url.scheme)}")
    return _with_scheme(found) if found and not is_direct else None


def check_proxies() -> None:
    """See that each proxy in the environment is an address. Raises BadSettings."""
    proxies = getproxies()
    if not all(_is_web_address(_with_scheme(proxies[scheme])) for scheme in SCHEMES if proxies.get(scheme)):
        raise BadSettings([REFUSED])


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_web_address(text: str) -> bool:
    try:
        url = URL(text)
        (url.host or "").encode("idna")
        f"{url.user}{url.password}".encode("latin1")  # of "Basic" authentication, as aiohttp sends it
        return url.scheme in PORTS and bool(url.host and url.port) and ":" not in (url.user or "")
    except ValueError:  # UnicodeError is one: what can't be sent is no address either
        return False
