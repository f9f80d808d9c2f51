"""A certificate for localhost, made by openssl."""

import shutil
import subprocess
from pathlib import Path

import pytest

NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def certify_localhost(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of one day and its key to `folder`; return their paths."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    where = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *names, *where], check=True, capture_output=True)
    return cert, key
