"""Trusted certificates for Slack and Huawei Cloud: the system's, or those of OpenSSL's variables."""

import os
import re
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import truststore

FILE: Final = "SSL_CERT_FILE"
FOLDERS: Final = "SSL_CERT_DIR"
KEY_LOG: Final = "SSLKEYLOGFILE"
KEYS: Final = (FILE, FOLDERS, KEY_LOG)
HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+", re.ASCII)
"""The names of the files that OpenSSL finds in a folder (openssl-rehash(1))."""
HAS_OWN_STORE: Final = sys.platform in ("darwin", "win32")
"""Whether the system keeps its certificates where OpenSSL does not read them."""

_CLOCK: Final = "Set this machine's clock if it is wrong; else whoever runs that server has to renew it."
_OWN: Final = (
    "If it is of an authority of your own, or of a proxy that looks into what it passes on, add that "
    "authority to the system's, or set SSL_CERT_FILE (`voicejob docs deploy`)."
)
_FAULTS: Final = {
    9: ("does not count yet", _CLOCK),
    10: ("has expired", _CLOCK),
    **dict.fromkeys((2, 18, 19, 20, 21), ("is signed by nobody whom this machine trusts", _OWN)),
    **dict.fromkeys((62, 64), ("is for another host name", "Check the address, and the proxy on the way.")),
}
"""What is wrong with a certificate, and what to do, by OpenSSL's code (X509_STORE_CTX_get_error(3))."""


def tls_context() -> ssl.SSLContext:
    """Return the one context for all connections of this process. The first call takes 30 ms."""
    for key in KEYS:
        if not os.environ.get(key):  # empty is not set; OpenSSL would look for a file without a name
            os.environ.pop(key, None)
    return _context(*map(os.environ.get, KEYS))


@lru_cache(maxsize=1)
def _context(file: str | None, folders: str | None, key_log: str | None) -> ssl.SSLContext:
    # On Linux, truststore has OpenSSL read the system's file again for each connection: 25 ms in which
    # nobody is served. There it is only needed where OpenSSL was built for places that hold nothing.
    default = ssl.get_default_verify_paths()
    if not HAS_OWN_STORE and (default.cafile or _has_hashed(default.capath or "")):
        context = ssl.create_default_context()
    else:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if file or folders:
            context.load_verify_locations(file, folders)
        if key_log:
            context.keylog_filename = key_log
    context.set_alpn_protocols(["http/1.1"])
    return context


def _has_hashed(folders: str) -> bool:
    """Whether OpenSSL finds a certificate in one of these folders, separated like those of PATH."""
    for folder in folders.split(os.pathsep):
        with suppress(OSError):
            if any(map(HASHED.fullmatch, os.listdir(folder))):  # noqa: PTH208  names, not paths
                return True
    return False


def certificate_fault(error: BaseException | None) -> str:
    """Return what is wrong with a server's certificate, and what to do; empty if an error has another cause.

    It quotes OpenSSL, which names no more than the host that was asked for.
    """
    found = None
    while error:  # aiohttp's own error is one, too, but without the code: the last one has it
        found = error if isinstance(error, ssl.SSLCertVerificationError) else found
        error = error.__cause__ or error.__context__
    if found is None:
        return ""
    what, remedy = _FAULTS.get(getattr(found, "verify_code", 0), ("can't be trusted", _OWN))
    told = _shown(getattr(found, "verify_message", "") or "certificate verify failed").rstrip(".")
    return f"its certificate {what} ({told}). {remedy}"


def problems() -> list[str]:
    """Return a line for each variable that can't be used, with its path and what to do."""
    checks: dict[str, Callable[[str], str]] = {
        FILE: _file_problem,
        FOLDERS: folders_problem,
        KEY_LOG: _key_log_problem,
    }
    found = {key: check(os.environ[key]) for key, check in checks.items() if os.environ.get(key)}
    return [
        f"{key}: {problem}, or take {key} out of the environment" for key, problem in found.items() if problem
    ]


def _file_problem(path: str) -> str:
    why = "it is no file"
    try:
        if stat.S_ISREG(Path(path).stat().st_mode):  # opening a pipe would wait for its other end
            why = "no certificates, or broken ones"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(path)
            if context.cert_store_stats()["x509"]:
                return ""
    except ssl.SSLError:
        pass
    except OSError as error:
        why = error.strerror or type(error).__name__
    return f"no certificates can be read from “{_shown(path)}” ({why}). Name a file of certificates in PEM"


def _has_file() -> bool:
    """Whether some authorities are trusted without a folder."""
    is_there = HAS_OWN_STORE or Path(ssl.get_default_verify_paths().openssl_cafile).is_file()
    return is_there or bool(os.environ.get(FILE))


def folders_problem(value: str, has_file: Callable[[], bool] = _has_file) -> str:
    """Return what is wrong with folders of certificates: beside a file, they may be empty."""
    if has_file() or _has_hashed(value):
        return ""
    return (
        f"OpenSSL finds no certificates in “{_shown(value)}”. Name a folder that holds some, and run "
        "“openssl rehash” on it"
    )


def _key_log_problem(path: str) -> str:
    try:
        # As OpenSSL does, but readable for nobody else, and without waiting for the reader of a pipe.
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600))
    except OSError as error:
        why = error.strerror or type(error).__name__
        return f"“{_shown(path)}” can't be written ({why}). Name a file in a folder that exists"
    return ""


def _shown(path: str) -> str:
    """Make a path of the environment printable in a line."""
    return "".join(each if each.isprintable() else "?" for each in path)[:200]


@contextmanager
def no_certificates() -> Iterator[None]:
    """Let libraries that make contexts when they are imported, as aiohttp does, find no certificates.

    Reading them takes 50 ms and 2 MiB, fails where keys can't be logged, and blocks on a pipe; nothing uses
    those contexts.
    """
    given = {key: os.environ.pop(key) for key in KEYS if key in os.environ}
    os.environ |= {FILE: os.devnull, FOLDERS: os.devnull}
    try:
        yield
    finally:
        del os.environ[FILE], os.environ[FOLDERS]
        os.environ |= given
