"""A ClickHouse cluster: Debian's server twice, and ZooKeeper, as people replicate."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .daemon import listens, missing, start
from .process import free_port, stop
from .servers import PASSWORD, USER, ClickHouseServer, require_clickhouse_server

NAME = "pair"
START_SECONDS = 60.0
_CLASSES = "/etc/zookeeper/conf:/usr/share/java/*"
_JAR = Path("/usr/share/java/zookeeper.jar")

ZOO = """tickTime=2000
dataDir={directory}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
"""
MEMBER = (
    "<replica><host>127.0.0.1</host><port>{port}</port>"
    f"<user>{USER}</user><password>{PASSWORD}</password></replica>"
)
CONFIG = """
  <zookeeper>
    <node><host>127.0.0.1</host><port>{zookeeper}</port></node>
    <session_timeout_ms>4000</session_timeout_ms>
  </zookeeper>
  <macros><cluster>{cluster}</cluster><shard>01</shard><replica>{replica}</replica></macros>
  <remote_servers>
    <{cluster}><shard>
      <internal_replication>true</internal_replication>{members}
    </shard></{cluster}>
  </remote_servers>
  <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
"""


class ZooKeeper:
    """One process; its data stay when it is stopped."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        directory.mkdir(parents=True)
        config = ZOO.format(directory=directory, port=self.port)
        (directory / "zoo.cfg").write_text(config)
        self.start()

    def start(self) -> None:
        """Start it, again or for the first time."""
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        self.process = start(
            "ZooKeeper",
            ["java", "-Xmx256m", "-cp", _CLASSES, main, "zoo.cfg"],
            self._directory / "output.log",
            lambda: listens(self.port),
            seconds=START_SECONDS,
            cwd=self._directory,
        )

    def stop(self) -> None:
        stop(self.process)


class Cluster:
    """Two replicas of one shard, called r1 and r2.

    :ivar name: what ON CLUSTER calls it.
    """

    name = NAME

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.zookeeper = ZooKeeper(directory / "zookeeper")
        ports = [free_port(), free_port()]
        members = "".join(MEMBER.format(port=port) for port in ports)
        self.replicas = [
            ClickHouseServer(
                directory / replica,
                tcp_port=port,
                extra=CONFIG.format(
                    zookeeper=self.zookeeper.port, cluster=NAME, replica=replica, members=members
                ),
            )
            for replica, port in zip(("r1", "r2"), ports, strict=True)
        ]

    def create_database(self) -> str:
        """An empty database on both replicas; its name."""
        name = f"test_{os.urandom(4).hex()}"
        for replica in self.replicas:
            replica.query(f"CREATE DATABASE {name}")
        return name

    def heal(self) -> None:
        """Start again whatever a test has stopped."""
        if self.zookeeper.process.poll() is not None:
            self.zookeeper.start()
        for replica in self.replicas:
            if replica.process.poll() is not None:
                replica.restart()

    def remove(self) -> None:
        for replica in self.replicas:
            replica.kill()
        self.zookeeper.stop()
        shutil.rmtree(self._directory, ignore_errors=True)


def require_cluster() -> None:
    """Skip where the programs are not installed; fail where skipping is forbidden."""
    require_clickhouse_server()
    if not _JAR.exists():
        missing("ZooKeeper is not installed", "zookeeper")
