"""Certificates of an authority of one's own, made by ``openssl``."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def certificates(directory: Path) -> None:
    """Two authorities, and a certificate of the first one for ``localhost``.

    The files are ``authority.crt``, ``stranger.crt``, ``server.crt`` and ``server.key``.
    """
    for name in ("authority", "stranger"):
        _openssl(
            *("req", "-x509", *_new_key(directory / f"{name}.key"), "-days", "2"),
            *("-subj", f"/CN={name}", "-out", str(directory / f"{name}.crt")),
        )
    _openssl(
        *("req", "-x509", *_new_key(directory / "server.key"), "-days", "2"),
        *("-CA", str(directory / "authority.crt"), "-CAkey", str(directory / "authority.key")),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-out", str(directory / "server.crt")),
    )
    (directory / "server.key").chmod(0o600)


def _new_key(path: Path) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return [*curve, "-nodes", "-keyout", str(path)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
