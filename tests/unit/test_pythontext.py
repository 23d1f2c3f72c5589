"""The checksum of a Python file: what counts, and whether ``tokenize`` would agree."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from brokle_migrate import pythontext
from brokle_migrate.pythontext import checksum

PLAIN = '''"""A revision."""
from alembic import op

revision = "a"


def upgrade():
    op.execute("SELECT 1")
    if True:
        op.execute(
            'SELECT #2'
        )


def downgrade():
    pass
'''
WITH_F = PLAIN.replace('"SELECT 1"', "f\"SELECT {1 + 1} # {'a'!r:>{3}}\"")


@pytest.mark.parametrize("text", [PLAIN, WITH_F], ids=["plain", "f"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n\n\n", "\n"),
        ("\n", "\r\n"),
        ("    ", "\t"),
        ("    ", "  "),
        ("upgrade():", "upgrade( ) : # why"),
        ("    pass", "# nothing\n\n    pass  \n   # to do\n"),
        ("    pass\n", "    pass"),
        ("op.execute(\n            'S", "op.execute('S"),
        ('revision = "a"', 'revision = \\\n  "a"'),
        ('"""A', '\ufeff"""A'),
    ],
)
def test_layout_and_comments_do_not_count(text: str, old: str, new: str) -> None:
    assert old in text
    assert checksum(text.replace(old, new)) == checksum(text)


@pytest.mark.parametrize("text", [PLAIN, WITH_F], ids=["plain", "f"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A revision.", "A  revision."),
        ("#2", "#3"),
        ("    if True:\n    ", "    if True: pass\n"),
        ("            'SELECT #2'\n        )", "            'SELECT #2'\n        )\n        pass"),
        ("\n\n\ndef downgrade", "\n    pass\n\n\ndef downgrade"),
        ('"a"', "'a'"),
    ],
)
def test_everything_else_does(text: str, old: str, new: str) -> None:
    assert old in text
    assert checksum(text.replace(old, new)) != checksum(text)


def test_a_block_that_ends_earlier_is_something_else() -> None:
    inner = "if a:\n  b()\n  c()\n"
    outer = "if a:\n  b()\nc()\n"
    assert checksum(inner) != checksum(outer)
    assert checksum(f"{inner}f'{{d}}'") != checksum(f"{outer}f'{{d}}'")


def test_the_inside_of_an_f_string_counts() -> None:
    assert checksum("f'{a}'") != checksum("f'{a }'")
    assert checksum("f'a # b'") != checksum("f'a # c'")
    assert checksum("f'''é {\na} b''' # c") == checksum("f'''é {\na} b'''")


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (PLAIN, "63fc345ce400644ad430cead69d8ef0956df6a87ad18dca4ba0eaa7f0b80d02f"),
        (WITH_F, "a3a501313dffa04ff3fc7a27c2ae2ee34cc36cde8092fc07ac61042347a9d5f8"),
    ],
    ids=["plain", "f"],
)
def test_every_python_computes_the_same(text: str, digest: str) -> None:
    assert checksum(text) == digest


def test_what_is_no_python_counts_as_it_is() -> None:
    assert checksum("f'' (") != checksum("f''  (")
    assert checksum("f'{' $ ?") == checksum("f'{' $ ?")
    assert checksum("'open") != checksum("'closed'")


def test_tokenize_agrees() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    agreed = 0
    for path in sorted(library.glob("*.py"))[:60]:
        text = path.read_text(encoding="utf-8")
        if not pythontext._MAY_HAVE_F_STRING.search(text):
            quick, careful = pythontext._quick(text), pythontext._careful(text)
            assert "".join(quick) == "".join(careful), path.name
            agreed += 1
    assert agreed > 20
