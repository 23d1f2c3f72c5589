"""Rules about Postgres revisions as Python modules.  Pure: nothing is imported or run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..model import POSTGRES, Level, Location
from ..pythontree import function, refusal, statements
from .rule import Hit, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Revision

# A module is parsed only where its text makes that worth while: there may be thousands.
_COLON = re.compile(r"(?<![:\w]):\w")
_IMPORTED = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)

MODULES: Rules[Module] = Rules(POSTGRES)

_NAMED = frozenset(
    (
        "create_check_constraint",
        "create_exclude_constraint",
        "create_foreign_key",
        "create_primary_key",
        "create_unique_constraint",
        "drop_constraint",
    )
)


@dataclass(frozen=True)
class Module:
    """A revision's module.

    :ivar source: its text.
    :ivar per_migration: whether ``env.py`` gives each revision a transaction of its own.
    :ivar is_own: tells whether a top-level module is the application's.
    :ivar parameters: the names that SQLAlchemy's ``text()`` finds in a string.
    """

    revision: Revision
    source: str
    per_migration: bool
    is_own: Callable[[str], bool]
    parameters: Callable[[str], tuple[str, ...]]

    @cached_property
    def tree(self) -> ast.Module:
        """What Python's own parser makes of it; empty where that fails, as loading it will."""
        try:
            return ast.parse(self.source)
        except SyntaxError:
            return ast.Module([], [])

    def function(self, name: str) -> ast.FunctionDef | None:
        """A function of the module."""
        return function(self.tree, name)

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Calls of ``op.NAME``, or of anything else's method of that name."""
        if not any(name in self.source for name in names):
            return
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in names:
                yield node

    def at(self, node: ast.expr | ast.stmt) -> Location:
        """Where a piece of the module stands."""
        return Location(self.revision.path, node.lineno, node.col_offset + 1)


@MODULES.rule("PG001", Level.WARNING, "a constraint without a name")
def unnamed(module: Module) -> Iterator[Hit]:
    """What Postgres calls it is known in no file, and dropping it by None fails.

    https://alembic.sqlalchemy.org/en/latest/naming.html: a naming convention on the metadata, or
    a name in the call, makes it the same everywhere.
    """
    for call in module.calls(*_NAMED):
        given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "constraint_name")]
        if any(isinstance(each, ast.Constant) and each.value is None for each in given):
            assert isinstance(call.func, ast.Attribute)
            message = f"op.{call.func.attr}(None, …): the constraint has no name"
            yield Hit(module.at(call), message, "name it here, or by a naming convention")


@MODULES.rule("PG002", Level.ERROR, "a colon in op.execute that SQLAlchemy takes for a parameter")
def parameter(module: Module) -> Iterator[Hit]:
    """``op.execute`` reads a string as ``text()``, in which ``:name`` is a value to be given.

    https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text: a
    backslash before it makes it a colon again.
    """
    if not _COLON.search(module.source):
        return
    for call in module.calls("execute"):
        text = _text(call.args[0]) if _is_bare(call) else None
        if text is None or ":" not in text:
            continue
        for name in module.parameters(text):
            message = f"SQLAlchemy takes :{name} for a parameter, which gets no value"
            hint = f"write \\\\:{name}, or put the SQL into a file: op.execute_sql_file(…)"
            yield Hit(module.at(call), message, hint)


def _is_bare(call: ast.Call) -> bool:
    """Whether it is ``op.execute`` with nothing but what is executed."""
    assert isinstance(call.func, ast.Attribute)
    on_op = isinstance(call.func.value, ast.Name) and call.func.value.id == "op"
    return on_op and len(call.args) == 1 and not call.keywords


def _text(node: ast.expr) -> str | None:
    """The string that is executed: itself, or in a plain ``text()``."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        return _text(node.args[0]) if name == "text" and node.args else None
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "x" for each in node.values)
        return "".join(map(str, parts))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@MODULES.rule("PG003", Level.WARNING, "an autocommit block in a transaction of several revisions")
def autocommit(module: Module) -> Iterator[Hit]:
    """It commits what the revisions before it did, or Alembic refuses it.

    https://alembic.sqlalchemy.org/en/latest/api/runtime.html, autocommit_block: ``env.py`` has to
    pass ``transaction_per_migration=True`` to ``context.configure()``.
    """
    if module.per_migration:
        return
    for call in module.calls("autocommit_block"):
        hint = "pass transaction_per_migration=True to context.configure() in env.py"
        yield Hit(module.at(call), "env.py has one transaction for all revisions", hint)


@MODULES.rule("PG005", Level.WARNING, "a revision that does nothing")
def does_nothing(module: Module) -> Iterator[Hit]:
    """What autogenerate wrote when it found nothing, and nobody has adjusted.

    https://alembic.sqlalchemy.org/en/latest/autogenerate.html; a merge has nothing to do.
    """
    if "pass" not in module.source or len(module.revision.down) > 1:
        return
    upgrade, downgrade = module.function("upgrade"), module.function("downgrade")
    if upgrade is None:
        return
    if _is_empty(upgrade) and (downgrade is None or _is_empty(downgrade)):
        yield Hit(module.at(upgrade), "it does nothing, up or down", "write it, or delete the file")


@MODULES.rule("PG006", Level.WARNING, "an empty downgrade of an upgrade that does something")
def no_way_back(module: Module) -> Iterator[Hit]:
    """The version goes, and what it stands for stays: the next upgrade meets it.

    https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script
    """
    if "pass" not in module.source:
        return
    upgrade, downgrade = module.function("upgrade"), module.function("downgrade")
    if upgrade is None or downgrade is None or _is_empty(upgrade) or not _is_empty(downgrade):
        return
    hint = "undo it, or refuse: raise NotImplementedError('why')"
    yield Hit(module.at(downgrade), "the downgrade takes nothing back", hint)


@MODULES.rule("PG007", Level.INFO, "a downgrade that only raises")
def refuses(module: Module) -> Iterator[Hit]:
    """There is no way back, which is worth knowing before there is no way forward either.

    https://docs.python.org/3/library/exceptions.html#NotImplementedError
    """
    downgrade = module.function("downgrade") if "raise" in module.source else None
    raised = None if downgrade is None else refusal(downgrade)
    if raised is not None:
        yield Hit(module.at(raised), "it can't be rolled back")


@MODULES.rule("PG008", Level.WARNING, "an import of the application")
def imports(module: Module) -> Iterator[Hit]:
    """Models change with the application, and the revision with them: it fails, or does more.

    https://alembic.sqlalchemy.org/en/latest/cookbook.html
    """
    if not any(map(module.is_own, _IMPORTED.findall(module.source))):
        return
    for node in ast.walk(module.tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            if module.is_own(name.partition(".")[0]):
                assert isinstance(node, ast.stmt)
                hint = "declare the tables that it needs in the revision itself"
                yield Hit(module.at(node), f"{name} is not what it will be then", hint)


def _is_empty(function: ast.FunctionDef) -> bool:
    return all(isinstance(each, ast.Pass) for each in statements(function))
