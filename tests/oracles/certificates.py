"""Certificates of an authority of one test's own."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple


class Bearer(NamedTuple):
    """Who shows a certificate, and the key that it belongs to."""

    certificate: Path
    key: Path

    def both(self) -> Path:
        """Return a file with both, as a broker wants them."""
        path = self.key.with_suffix(".both.pem")
        path.write_text(self.key.read_text() + self.certificate.read_text())
        return path


class Authority:
    """Signs what it is asked to."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        _openssl(
            "req", "-x509", *_new(self.key), "-subj", f"/CN={name}", "-days", "2", "-out", self.certificate
        )

    def signed(self, name: str, password: str = "", **also: str) -> Bearer:
        """Return a certificate of a name; `also` are other names, as `IP="127.0.0.1"`."""
        request, made, key = (self.folder / f"{name}.{end}" for end in ("csr", "pem", "key"))
        lock = ["-passout", f"pass:{password}"] if password else ["-nodes"]
        _openssl("req", *_new(key, *lock), "-subj", f"/CN={name}", "-out", request)
        names = self.folder / f"{name}.names"
        names.write_text("subjectAltName=" + ",".join(f"{kind}:{what}" for kind, what in also.items()) + "\n")
        signer = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "2")
        more = ("-extfile", names) if also else ()
        _openssl("x509", "-req", "-in", request, *signer, *more, "-out", made)
        return Bearer(made, key)


def can_be_made() -> bool:
    """Say whether there is what makes them."""
    return shutil.which("openssl") is not None


def _new(key: Path, *lock: str) -> tuple[object, ...]:
    return ("-newkey", "rsa:2048", *(lock or ("-nodes",)), "-keyout", key)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
