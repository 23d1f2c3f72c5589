"""Encrypted connections to ClickHouse: authorities, certificates of clients, and wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments.drivers import connect
from brokle_migrate.errors import ConfigError
from tests.support.process import free_port
from tests.support.project import Project
from tests.support.servers import (
    PASSWORD,
    ClickHouseServer,
    require_clickhouse_server,
)
from tests.support.tls import PASSPHRASE, TlsFront, certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
  <https_port>{https}</https_port>
  <tcp_port_secure>{native}</tcp_port_secure>
  <openSSL><server>
    <certificateFile>{directory}/server.crt</certificateFile>
    <privateKeyFile>{directory}/server.key</privateKeyFile>
    <caConfig>{directory}/authority.crt</caConfig>
    <verificationMode>{verification}</verificationMode>
    <loadDefaultCAFile>false</loadDefaultCAFile>
  </server></openSSL>
"""
# How each driver calls the authority, the client's certificate and its key.
NAMES = {
    "clickhouse+native": ("ca_certs", "certfile", "keyfile"),
    "clickhouse+http": ("verify", "cert", "keyfile"),
    "clickhousedb": ("ca_cert", "client_cert", "client_cert_key"),
}
SERVER_SCHEMES = ["clickhouse+native", "clickhouse+http"]


class Encrypted:
    """A server that also speaks TLS, with a certificate for ``localhost``.

    :param verification: what it asks of clients: ``none``, or ``strict`` for a certificate.
    """

    def __init__(self, directory: Path, verification: str) -> None:
        self.directory = directory
        directory.mkdir()
        certificates(directory)
        self.ports = {"clickhouse+http": free_port(), "clickhouse+native": free_port()}
        extra = CONFIG.format(
            https=self.ports["clickhouse+http"],
            native=self.ports["clickhouse+native"],
            directory=directory,
            verification=verification,
        )
        self.server = ClickHouseServer(directory / "server", extra=extra)

    def url(self, scheme: str, authority: str, host: str = "localhost") -> str:
        plain = self.server.url(scheme, "default").replace("@127.0.0.1:", f"@{host}:")
        address, _, _ = plain.rpartition(":")
        option = f"{NAMES[scheme][0]}={self.directory / authority}"
        return f"{address}:{self.ports[scheme]}/default?secure=true&{option}"


@pytest.fixture(scope="module")
def encrypted(servers_directory: Path) -> Iterator[Encrypted]:
    require_clickhouse_server()
    made = Encrypted(servers_directory / "tls", "none")
    yield made
    made.server.remove()


@pytest.fixture(scope="module")
def strict(servers_directory: Path) -> Iterator[Encrypted]:
    require_clickhouse_server()
    made = Encrypted(servers_directory / "mutual", "strict")
    yield made
    made.server.remove()


@pytest.fixture(params=NAMES)
def demanding(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, Path]]:
    """A scheme, a URL with the authority to a server that demands a certificate, and the files."""
    scheme, made = request.param, request.getfixturevalue("strict")
    if scheme != "clickhousedb":  # which can't talk to a server of that age
        yield scheme, made.url(scheme, "authority.crt"), made.directory
        return
    gateway = request.getfixturevalue("gateway")
    database = str(request.getfixturevalue("clickhouse_url")).rpartition("/")[2]
    gateway.require("brokle", "s3cret-word")
    with TlsFront(made.directory, gateway.port) as front:
        address = f"{scheme}://brokle:s3cret-word@localhost:{front.port}/{database}?secure=true"
        yield scheme, f"{address}&ca_cert={made.directory}/authority.crt", made.directory


@pytest.mark.parametrize("scheme", SERVER_SCHEMES)
def test_an_authority_of_ones_own(encrypted: Encrypted, scheme: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "project", None, encrypted.url(scheme, "authority.crt"))
    project.add_pair("1", "t", "CREATE TABLE t (a UInt8) ENGINE = Log", "DROP TABLE t")
    for command in (("up",), ("down", "--all", "-y"), ("drop", "-y")):
        done = project.run(*command)
        assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("scheme", SERVER_SCHEMES)
@pytest.mark.parametrize(
    ("authority", "host", "reason"),
    [
        ("stranger.crt", "localhost", "certificate verify failed"),
        ("authority.crt", "127.0.0.1", "certificate"),
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
    assert "ca_certs=" in told
    assert "Traceback" not in refused.err
    assert PASSWORD not in refused.out + refused.err


def with_certificate(scheme: str, url: str, certificate: Path, key: Path | None) -> str:
    _, certfile, keyfile = NAMES[scheme]
    return f"{url}&{certfile}={certificate}" + (f"&{keyfile}={key}" if key else "")


def test_a_client_certificate(demanding: tuple[str, str, Path], tmp_path: Path) -> None:
    scheme, url, files = demanding
    both = tmp_path / "both.pem"
    both.write_bytes((files / "client.crt").read_bytes() + (files / "client.key").read_bytes())
    locked = with_certificate(scheme, url, files / "client.crt", files / "locked.key")
    for number, one in enumerate((f"{locked}&keypass={PASSPHRASE}", f"{url}&certfile={both}")):
        project = Project(tmp_path / f"project{number}", None, one)
        project.add_pair("1", "t", "CREATE TABLE t (a UInt8) ENGINE = Log", "DROP TABLE t")
        for command in (("up",), ("drop", "-y")):
            done = project.run(*command)
            assert done.code == 0, done.out + done.err
            assert PASSPHRASE not in done.out + done.err


def test_a_certificate_stands_for_a_password_over_http(strict: Encrypted) -> None:
    files = strict.directory
    url = (
        f"https://localhost:{strict.ports['clickhouse+http']}/default?ca_certs={files}/authority.crt"
        f"&certfile={files}/client.crt&keyfile={files}/client.key"
    )
    opened = connect(parse_url(url, source="test"), {})
    assert opened.query("SELECT user FROM system.processes") == [("default",)]
    opened.close()


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [(None, "a certificate of the client"), ("other", "the client's certificate")],
)
def test_a_server_that_demands_another_certificate(
    demanding: tuple[str, str, Path], certificate: str | None, reason: str, tmp_path: Path
) -> None:
    scheme, url, files = demanding
    if certificate is not None:
        url = with_certificate(
            scheme, url, files / f"{certificate}.crt", files / f"{certificate}.key"
        )
    project = Project(tmp_path / "project", None, url)
    refused = project.run("status")
    assert refused.code == 5, refused.out + refused.err
    assert reason in " ".join(refused.out.split()), refused.out


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    certificates(made)
    (made / "nothing.pem").write_text("nothing\n")
    return made


@pytest.mark.parametrize("scheme", NAMES)
@pytest.mark.parametrize(
    ("options", "reason", "hint"),
    [
        ("certfile={}/client.crt&keyfile={}/locked.key", "encrypted", "keypass="),
        ("certfile={}/client.crt&keyfile={}/locked.key&keypass=wrong-word", "open", "keypass="),
        ("certfile={}/client.crt&keyfile={}/other.key", "does not belong", "pair"),
        ("certfile={}/client.crt", "no certificate with its key", "keyfile="),
        ("certfile={}/missing.crt", "missing.crt: No such file", "certfile="),
        ("certfile={}/client.crt&keyfile={}/missing.key", "missing.key: No such", "keyfile="),
        ("keyfile={}/client.key", "without certfile", "certfile="),
        ("ca_certs={}/missing.crt", "missing.crt: No such file", "ca_certs="),
        ("ca_certs={}/nothing.pem", "holds no certificate", "PEM"),
        ("secure=false&certfile={0}/client.crt&keyfile={0}/client.key", "not encrypted", "secure="),
    ],
)
def test_files_that_will_not_do(
    files: Path, scheme: str, options: str, reason: str, hint: str
) -> None:
    text = options.replace("{}", str(files)).replace("{0}", str(files))
    url = parse_url(f"{scheme}://u:p@127.0.0.1:1/x?secure=true&{text}", source="test")
    with pytest.raises(ConfigError, match=reason) as raised:
        connect(url, {})
    assert hint in str(raised.value.hint)
    assert "wrong-word" not in f"{raised.value}{raised.value.hint}"


def test_a_missing_file_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    url = "clickhouse://u:p@127.0.0.1:1/x?secure=true&ca_certs=/missing.crt"
    project = Project(tmp_path / "project", None, url)
    refused = project.run("status")
    assert refused.code == ConfigError.exit_code
    assert "/missing.crt: No such file" in refused.out
    assert "ca_certs=" in refused.out
