"""What the fault tests of one worker share: servers, and what happens without a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .site import Servers, Site, Undisturbed, open_site, run_undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def servers(postgres_server: EmbeddedPostgres, gateway_process: GatewayProcess) -> Servers:
    """The embedded engines: faults stop and restart them, so they are never somebody's own."""
    return Servers(postgres_server, gateway_process)


@pytest.fixture(scope="session")
def undisturbed(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run without a fault, each Postgres revision committed by itself."""
    return run_undisturbed(servers, tmp_path_factory.mktemp("undisturbed"), per_migration=True)


@pytest.fixture
def site(servers: Servers, tmp_path: Path) -> Iterator[Site]:
    """A place for one fault."""
    with open_site(servers, tmp_path, per_migration=True) as site:
        yield site
