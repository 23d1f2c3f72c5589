"""Postgres revisions that say that they can't be rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.environments.no_way_back import require_way_back
from brokle_migrate.errors import Irreversible
from brokle_migrate.model import POSTGRES, Action, Step

if TYPE_CHECKING:
    from pathlib import Path


def look(directory: Path, text: str, action: Action = Action.DOWNGRADE) -> None:
    path = directory / "one.py"
    path.write_text(text)
    require_way_back([Step(POSTGRES, action, "1", path=path)])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise NotImplementedError('data is gone')", r"rolled back: data is gone \("),
        ("'''Why.'''\n    # note\n    raise RuntimeError(1)", r"raises RuntimeError\(1\)"),
        ("raise NotImplementedError", "raises NotImplementedError"),
    ],
)
def test_a_downgrade_that_only_raises(tmp_path: Path, body: str, words: str) -> None:
    text = f"def upgrade():\n    pass\n\ndef downgrade():\n    {body}\n"
    with pytest.raises(Irreversible, match=words):
        look(tmp_path, text)
    look(tmp_path, text, Action.UPGRADE)


@pytest.mark.parametrize(
    "text",
    [
        "def downgrade():\n    op.execute('x')\n    raise ValueError\n",
        "def downgrade():\n    if x:\n        raise ValueError\n",
        "def upgrade():\n    raise ValueError\n\ndef downgrade():\n    pass\n",
        "def downgrade(:",
    ],
)
def test_what_may_have_a_way_back(tmp_path: Path, text: str) -> None:
    look(tmp_path, text)
