"""Certificates of an authority of one's own, made by ``openssl``, and an encrypted front."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "open-the-key-9"
_SIZE = 65536


def certificates(directory: Path) -> None:
    """Two authorities, and certificates of the first one for ``localhost`` and for a client.

    The files are ``authority.crt``, ``stranger.crt``, ``server.crt`` and ``server.key``,
    ``client.crt`` and ``client.key``, the same key as ``locked.key`` under :data:`PASSPHRASE`, and
    ``other.crt`` with ``other.key``: a client's certificate of the stranger.
    """
    for name in ("authority", "stranger"):
        _openssl(
            *("req", "-x509", *_new_key(directory / f"{name}.key"), "-days", "2"),
            *("-subj", f"/CN={name}", "-out", str(directory / f"{name}.crt")),
        )
    _sign(directory, "server", "localhost", "authority")
    _sign(directory, "client", "brokle", "authority")
    _sign(directory, "other", "brokle", "stranger")
    _openssl(
        *("pkey", "-in", str(directory / "client.key"), "-out", str(directory / "locked.key")),
        *("-aes256", "-passout", f"pass:{PASSPHRASE}"),
    )


def _sign(directory: Path, name: str, subject: str, authority: str) -> None:
    _openssl(
        *("req", "-x509", *_new_key(directory / f"{name}.key"), "-days", "2"),
        *("-CA", str(directory / f"{authority}.crt")),
        *("-CAkey", str(directory / f"{authority}.key")),
        *("-subj", f"/CN={subject}", "-addext", f"subjectAltName=DNS:{subject}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-out", str(directory / f"{name}.crt")),
    )
    (directory / f"{name}.key").chmod(0o600)


def _new_key(path: Path) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return [*curve, "-nodes", "-keyout", str(path)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class TlsFront:
    """What ends encryption before a port of this machine; a context manager.

    It demands a certificate of the client that the first authority signed.

    :param directory: where :func:`certificates` put its files.
    :param target: the port behind it.
    """

    def __init__(self, directory: Path, target: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(directory / "server.crt", directory / "server.key")
        self._context.load_verify_locations(directory / "authority.crt")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            client,
            suppress(OSError),
            self._context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            _pump(inside, server)


def _pump(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Forward in one thread, because two must not use an encrypted socket at once."""
    while True:
        ready: list[socket.socket] = [client]
        if not client.pending():
            ready = select.select([client, server], [], [])[0]
        for source in ready:
            data = source.recv(_SIZE)
            if not data:
                return
            (server if source is client else client).sendall(data)
