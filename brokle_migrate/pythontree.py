"""What the functions of a Python file do, as far as its syntax tree tells: nothing is run."""

from __future__ import annotations

import ast


def function(module: ast.Module, name: str) -> ast.FunctionDef | None:
    """A function at the top of a module, None for none of that name."""
    found = (each for each in module.body if isinstance(each, ast.FunctionDef))
    return next((each for each in found if each.name == name), None)


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """What it does: its statements, without a docstring."""
    return [
        each
        for each in function.body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def refusal(function: ast.FunctionDef) -> ast.Raise | None:
    """What a function raises that does nothing else, None where it does."""
    match statements(function):
        case [ast.Raise() as only]:
            return only
    return None
