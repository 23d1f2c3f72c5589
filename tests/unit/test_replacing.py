"""Files that are written as a whole, by several threads at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.replacing import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_threads_replace_one_file_and_leave_nothing_else(tmp_path: Path) -> None:
    path, failures = tmp_path / "schema.sql", list[Exception]()

    def work(content: bytes) -> None:
        try:
            for _ in range(50):
                replace_file(path, content)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(b"x" * n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [each.name for each in tmp_path.iterdir()] == ["schema.sql"]


def test_a_link_to_itself_is_an_error_of_the_system(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="loop"):
        replace_file(loop / "file", b"")
