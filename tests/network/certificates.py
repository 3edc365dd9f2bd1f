"""A certificate authority of the tests' own, made anew each time by the program ``openssl``."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

openssl_is_there = pytest.mark.skipif(not shutil.which("openssl"), reason="it takes the program openssl")
EXTENSIONS = "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n"


def openssl(arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True, cwd=cwd)  # noqa: S603, S607


@dataclass
class Authority:
    """A folder with a certificate for 127.0.0.1, and that of the authority which signed it."""

    folder: Path
    extensions: str = EXTENSIONS
    days: str = "30"
    """For how long the certificate counts; below 0, it has expired."""

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "extensions").write_text(self.extensions)
        new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        own = "-x509 -subj /CN=Tests -addext keyUsage=critical,keyCertSign"
        sign = f"x509 -req -in request.pem -CA own.pem -CAkey own.key -CAcreateserial -days {self.days}"
        openssl(f"{new} {own} -keyout own.key -out own.pem", self.folder)
        openssl(f"{new} -subj /CN=here -keyout key.pem -out request.pem", self.folder)
        openssl(f"{sign} -extfile extensions -out cert.pem", self.folder)

    @property
    def file(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "own.pem"

    def server(self) -> ssl.SSLContext:
        """Make the context of a server that shows the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context
