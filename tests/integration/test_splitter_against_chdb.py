"""The splitter against ClickHouse's own parser, on thousands of scripts.

The parser says of a text whether it is one statement, and which.  So scripts are put together from
statements that are known: the splitter must find as many, each must read as what it was made
from, and no two of them together may read as one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokle_migrate.errors import SqlSyntaxError
from brokle_migrate.sqltext import checksum, split

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("chdb", reason="needs the extra 'embedded'")

PATH = Path("x.sql")
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "sqltext"
NOT_FOR_THE_PARSER = {  # they hold pieces that are no statement, on purpose
    "heredoc_that_never_closes",
    "dollar_in_words",
    "hexadecimal_and_binary",
    "curly_quotes",
    "placeholders",
    "missing_semicolon",
}
STATEMENT_FILES = [
    path
    for path in sorted(GOLDEN.glob("*.sql"))
    if path.stem.split("_", 1)[1] not in NOT_FOR_THE_PARSER
]

# A process holds one chDB session, and other tests open theirs: this one lives in its own.
WORKER = """
import json, sys
from chdb.session import Session

session = Session(sys.argv[1] + "?background_pool_size=16")
escapes = str.maketrans({"\\\\": "\\\\\\\\", "'": "\\\\'"})
for line in sys.stdin:
    texts = json.loads(line)
    quoted = ", ".join("'" + text.translate(escapes) + "'" for text in texts)
    sql = f"SELECT formatQueryOrNull(arrayJoin([{quoted}])) AS read"
    rows = session.query(sql, "JSONEachRow").data().splitlines()
    print(json.dumps([json.loads(row)["read"] for row in rows]), flush=True)
"""


class Parser:
    """ClickHouse's parser."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.known: dict[str, str | None] = {}

    def read(self, *texts: str) -> list[str | None]:
        """Each text as the server writes it; None for one that is not exactly one statement."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self.known]
        if unknown:
            self.known.update(zip(unknown, self._ask(unknown), strict=True))
        return [self.known[text] for text in texts]

    def _ask(self, texts: list[str]) -> list[str | None]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(texts) + "\n")
        self.process.stdin.flush()
        answer: list[str | None] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parser]:
    parser = Parser(tmp_path_factory.mktemp("chdb"))
    yield parser
    parser.close()


# What is nasty inside of quotes and comments.
INSIDE = st.text(
    st.sampled_from("ab;'\"`$\\-/*#! \n\t(){}é→😀\u2018\u2019\u201c\u201d%?x0G"), max_size=12
)


def in_quotes(quote: str) -> st.SearchStrategy[str]:
    """A text in quotes, some doubled and some behind a backslash."""
    sign = st.sampled_from("ab;$-/*# \n\u2018\u201d'\"`") | st.sampled_from(
        ["--", "/*", "*/", "\\\\", "\\n", f"{quote}{quote}", f"\\{quote}", ";\n"]
    )
    return st.lists(sign.map(lambda s: s if s != quote else quote * 2), max_size=8).map(
        lambda signs: quote + "".join(signs) + quote
    )


def heredoc(tag: str, inside: str) -> str:
    return f"${tag}${inside.replace('$', '')}${tag}$"


WITHOUT_CURLY = {ord(sign): None for sign in "\u2018\u2019\u201c\u201d"}
VALUES = st.one_of(
    in_quotes("'"),
    st.builds(heredoc, st.sampled_from(["", "a", "b_1", "X"]), INSIDE),
    st.sampled_from(["x'3B'", "X''", "b'00111011'", "1", "1e-5", "0.5", "0x1F", "a$b$c", "x", "b"]),
    INSIDE.map(lambda text: f"\u2018{text.translate(WITHOUT_CURLY)}\u2019"),
)
NAMES = st.one_of(
    in_quotes("`").map(lambda name: name if len(name) > 2 else "`a`"),
    in_quotes('"').map(lambda name: name if len(name) > 2 else '"a"'),
    st.sampled_from(["a", "format", "a$b", "_x", "from", "to", "values1", "b$c$"]),
    INSIDE.map(lambda text: f"\u201cn{text.translate(WITHOUT_CURLY)}\u201d"),
)


def block(inside: str) -> str:
    return f"/*{inside.replace('/', '').replace('*', '')}*/"


LINE_COMMENTS = st.builds(
    lambda opening, inside: opening + inside.replace("\n", "") + "\n",
    st.sampled_from(["--", "//", "# ", "#!", "-- "]),
    INSIDE,
)
BLOCK_COMMENTS = st.one_of(
    INSIDE.map(block),
    st.builds(lambda a, b: f"/*{a}{b}*/", INSIDE.map(block), INSIDE.map(block)),
    st.just("/*/**/;/***/*/"),
    st.just("/***/"),
)
SPACE = st.sampled_from([" ", "\n", "\t", "\r\n", "  ", "\xa0", "\u3000", "\u200b", "\ufeff"])
GAPS = st.lists(SPACE | LINE_COMMENTS | BLOCK_COMMENTS, min_size=1, max_size=3).map("".join)
# Most gaps are drawn from a few: drawing takes more time than splitting and parsing together.
GAP = st.sampled_from(
    [
        *([" "] * 8 + ["\n", "\t ", "\r\n", "\xa0", "\u3000\n", "\u200b", "\ufeff"]),
        *("-- it's;\n", "--\n", '// "; */\n', "# `a;\n", "#!$$;\n", " -- a -- b; /*\n # c;\n"),
        *("/* it's; */", "/**/", "/***/", "/*/**/;/***/*/", " /* -- */ /* $$; /* ' */ ; */\n"),
    ]
)

STATEMENTS = st.one_of(
    st.builds(lambda a, b: ["SELECT", a, ",", b], VALUES, VALUES),
    st.builds(lambda a, n: ["SELECT", a, "-", "1", "/", "2", "AS", n], VALUES, NAMES),
    st.builds(
        lambda n, c, v: [
            *("CREATE", "TABLE", n, "(", c, "String", "COMMENT", v, ")"),
            *("ENGINE", "=", "Memory"),
        ],
        NAMES,
        NAMES,
        in_quotes("'"),
    ),
    st.builds(lambda n, c: ["ALTER", "TABLE", n, "DROP", "COLUMN", c], NAMES, NAMES),
    st.builds(
        lambda n, c, v: ["ALTER", "TABLE", n, "UPDATE", c, "=", v, "WHERE", "1"],
        *(NAMES, NAMES, VALUES),
    ),
    st.builds(lambda n, v: ["INSERT", "INTO", n, "SELECT", v], NAMES, VALUES),
    st.builds(lambda n, m: ["RENAME", "TABLE", n, "TO", m], NAMES, NAMES),
    st.builds(lambda n: ["DROP", "TABLE", "IF", "EXISTS", n, "SYNC"], NAMES),
    st.builds(lambda v: ["SELECT", "throwIf", "(", v, "=", v, ",", "'no;'", ")"], VALUES),
)

ENDS = st.sampled_from([";", ";\n", ";;", " ; ", ";\n\n"])


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A script, and its statements with plain spaces."""
    text = draw(GAPS)
    plain: list[str] = []
    for tokens in draw(st.lists(STATEMENTS, min_size=1, max_size=3)):
        plain.append(" ".join(tokens))
        for token in tokens:
            text += token + (" " if token in {"/", "-"} else "") + draw(GAP)  # no comment with it
        text += draw(GAPS) + draw(ENDS) + draw(GAPS)
    return text, plain


def texts_of(script: str) -> list[str]:
    return [statement.text for statement in split(script, PATH)]


THOROUGH = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(THOROUGH, max_examples=1_200)
@given(scripts())
def test_a_script_splits_into_the_statements_it_was_made_of(
    parser: Parser, made: tuple[str, list[str]]
) -> None:
    script, plain = made
    found = texts_of(script)
    assert len(found) == len(plain)
    read = parser.read(*found)
    assert None not in read
    assert read == parser.read(*plain)
    pairs = [f"{first};\n{second}" for first, second in pairwise(found)]
    assert parser.read(*pairs) == [None] * len(pairs)
    assert texts_of(";\n".join(found)) == found
    assert checksum(script) == checksum(f"/* ; */ {script}\n;-- that's; all")


@settings(THOROUGH, max_examples=1_000)
@given(st.lists(VALUES | NAMES | GAPS | INSIDE, max_size=6))
def test_what_the_server_reads_as_one_statement_is_one_piece(
    parser: Parser, parts: list[str]
) -> None:
    text = "SELECT 1," + "".join(parts)
    (read,) = parser.read(text)
    if read is not None:
        (found,) = texts_of(text)
        assert parser.read(found) == [read]


@settings(THOROUGH, max_examples=1_000)
@given(st.lists(VALUES | NAMES | GAPS | INSIDE, max_size=6))
def test_what_the_splitter_refuses_the_server_refuses(parser: Parser, parts: list[str]) -> None:
    text = "SELECT 1 " + "".join(parts)
    try:
        found = texts_of(text)
    except SqlSyntaxError:
        assert parser.read(text) == [None]
    else:
        if len(found) != 1:
            assert parser.read(text) == [None]


@pytest.mark.parametrize("path", STATEMENT_FILES, ids=lambda path: path.stem)
def test_golden_pieces_are_statements(parser: Parser, path: Path) -> None:
    try:
        found = texts_of(path.read_bytes().decode())
    except SqlSyntaxError:
        return
    assert None not in parser.read(*found)
