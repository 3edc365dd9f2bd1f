"""The proxies of the environment, or else of the system (macOS, Windows), for all requests of the bot."""

import re
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Final, TypeVar
from urllib.request import getproxies, getproxies_environment, proxy_bypass

from yarl import URL

T = TypeVar("T")
SCHEMES: Final = ("http", "https", "all")
PORTS: Final = {"http": 80, "https": 443}
OF_SOCKETS: Final = {"ws": "http", "wss": "https"}
"""A WebSocket uses the proxy of the scheme that its handshake has."""
REFUSED: Final = "can't be used: a proxy must be an address like http://host:port"
"""Without the address itself, which may hold a password."""
_BETWEEN: Final = re.compile(r"[,\s]+")
_LIKE_AN_ADDRESS: Final = re.compile(r"[\d.]+")
_WITH_PORT: Final = re.compile(r"([^:]+|\[.*\](?:/\d+)?):(\d{1,5})")


def proxy_for(url: URL) -> URL | None:
    """Return the proxy for a URL; None if it is requested directly."""
    proxies = getproxies()
    found = proxies.get(OF_SOCKETS.get(url.scheme, url.scheme)) or proxies.get("all")
    return URL(_with_scheme(found)) if found and not _is_direct(url) else None


def _is_direct(url: URL) -> bool:
    environment = getproxies_environment()
    if not environment:
        return bool(proxy_bypass(url.host or ""))
    return any(_covers(entry, url) for entry in _BETWEEN.split(environment.get("no", "").lower()) if entry)


def _covers(entry: str, url: URL) -> bool:
    """Whether an entry of NO_PROXY names the URL's host; one that can't be parsed names none.

    The forms of Python, curl and others: ``*``; a domain with its subdomains, with ``.`` or ``*.`` before it
    or without; an address, in brackets or without; a network (``10.0.0.0/8``); each but ``*`` perhaps with a
    port.
    """
    found = _WITH_PORT.fullmatch(entry)
    name, port = (found[1], int(found[2])) if found else (entry, url.port)
    host = (url.host or "").lower().rstrip(".")
    if port != url.port or entry == "*":
        return entry == "*"
    if address := _parsed(ip_address, host):
        network = _parsed(partial(ip_network, strict=False), name.replace("[", "").replace("]", ""))
        return network is not None and address in network
    domain = _ascii(name.removeprefix("*").strip("."))
    return bool(domain) and f".{_ascii(host)}".endswith(f".{domain}")


def _ascii(domain: str) -> str:
    """Return a domain in its ASCII form (``xn--…``, IDNA); empty if there is none."""
    try:
        return domain if domain.isascii() else URL.build(scheme="http", host=domain).raw_host or ""
    except ValueError:
        return ""


def _parsed(parse: Callable[[str], T], host: str) -> T | None:
    """Parse an address or a network without its zone; None if it is none."""
    try:
        return parse(host.partition("%")[0])
    except ValueError:
        return None


def problems() -> list[str]:
    """Return a line for each variable whose proxy is no address; ALL_PROXY only where it is used."""
    proxies = getproxies()
    used = PORTS if all(map(proxies.get, PORTS)) else SCHEMES
    return [
        f"{scheme.upper()}_PROXY: {REFUSED}"
        for scheme in used
        if proxies.get(scheme) and not _is_web_address(_with_scheme(proxies[scheme]))
    ]


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_web_address(text: str) -> bool:
    try:
        url = URL(text)
        host = url.host or ""
        host.encode("idna")
        if _LIKE_AN_ADDRESS.fullmatch(host):
            ip_address(host)  # aiohttp takes no short ones, such as 127.1
        f"{url.user}{url.password}".encode("latin1")  # of "Basic" authentication, as aiohttp sends it
        return (
            url.scheme in PORTS
            and host.split() == [host]
            and bool(url.port)
            and ":" not in (url.user or "")
            and url.raw_path_qs in {"", "/"}  # unlike http:/host:1
            and not text.rstrip("/").endswith(":")
            and not url.raw_fragment
        )
    except ValueError:  # UnicodeError is one: what can't be sent is no address either
        return False
