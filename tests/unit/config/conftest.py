"""A directory with configuration files, and what is read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate.config import Config, Setting, load

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Place:
    """A directory; nothing outside it is read."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file below the directory."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def env(self, **variables: str) -> None:
        """Set environment variables."""
        self.environ |= variables

    def load(self, **options: Any) -> Config:
        """Read the configuration."""
        return load(directory=self.path, environ=self.environ, **options)

    def setting(self, name: str) -> Setting:
        """One setting as ``info`` shows it."""
        return next(s for s in self.load().settings if s.name == name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty directory without environment variables."""
    return Place(tmp_path)
