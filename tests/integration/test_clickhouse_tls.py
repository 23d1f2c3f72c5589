"""Encrypted connections to a ClickHouse server: an authority of one's own, and a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.process import free_port
from tests.support.project import Project
from tests.support.servers import (
    PASSWORD,
    ClickHouseServer,
    require_clickhouse_server,
)
from tests.support.tls import certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
  <https_port>{https}</https_port>
  <tcp_port_secure>{native}</tcp_port_secure>
  <openSSL><server>
    <certificateFile>{directory}/server.crt</certificateFile>
    <privateKeyFile>{directory}/server.key</privateKeyFile>
    <verificationMode>none</verificationMode>
    <loadDefaultCAFile>false</loadDefaultCAFile>
  </server></openSSL>
"""
# How each driver is told of an authority.
AUTHORITY = {"clickhouse+native": "ca_certs", "clickhouse+http": "verify"}


class Encrypted:
    """A server that also speaks TLS, with a certificate for ``localhost``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        certificates(directory)
        self.ports = {"clickhouse+http": free_port(), "clickhouse+native": free_port()}
        extra = CONFIG.format(
            https=self.ports["clickhouse+http"],
            native=self.ports["clickhouse+native"],
            directory=directory,
        )
        self.server = ClickHouseServer(directory / "server", extra=extra)

    def url(self, scheme: str, authority: str, host: str = "localhost") -> str:
        plain = self.server.url(scheme, "default").replace("@127.0.0.1:", f"@{host}:")
        address, _, _ = plain.rpartition(":")
        option = f"{AUTHORITY[scheme]}={self.directory / authority}"
        return f"{address}:{self.ports[scheme]}/default?secure=true&{option}"


@pytest.fixture(scope="module")
def encrypted(servers_directory: Path) -> Iterator[Encrypted]:
    require_clickhouse_server()
    made = Encrypted(servers_directory / "tls")
    yield made
    made.server.remove()


@pytest.mark.parametrize("scheme", AUTHORITY)
def test_an_authority_of_ones_own(encrypted: Encrypted, scheme: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "project", None, encrypted.url(scheme, "authority.crt"))
    project.add_pair("1", "t", "CREATE TABLE t (a UInt8) ENGINE = Log", "DROP TABLE t")
    for command in (("up",), ("down", "--all", "-y"), ("drop", "-y")):
        done = project.run(*command)
        assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("scheme", AUTHORITY)
@pytest.mark.parametrize(
    ("authority", "host", "reason"),
    [
        ("stranger.crt", "localhost", "certificate verify failed"),
        ("authority.crt", "127.0.0.1", "certificate"),
        ("missing.crt", "localhost", "missing.crt"),
    ],
)
def test_a_certificate_that_does_not_fit(
    encrypted: Encrypted, scheme: str, authority: str, host: str, reason: str, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", None, encrypted.url(scheme, authority, host))
    refused = project.run("status")
    assert refused.code == 5, refused.out + refused.err
    told = " ".join(refused.out.split())
    assert reason in told
    assert f"{AUTHORITY[scheme]}=" in told
    assert "Traceback" not in refused.err
    assert PASSWORD not in refused.out + refused.err
