"""What a module says of itself: its constants with the text below them, its functions, the prompt it builds."""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

LONGEST_CONSTANT = 80
MOST_ENTRIES = 30


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant as the module writes it: its value in words, and the text below it."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Documented:
    """A function and what its docstring promises."""

    name: str
    text: str

    @property
    def label(self) -> str:
        """The name in words."""
        return self.name.strip("_").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Source:
    """A module, parsed."""

    module: ModuleType
    tree: ast.Module

    @property
    def name(self) -> str:
        """The module's dotted name."""
        return self.module.__name__

    def constants(self) -> tuple[Constant, ...]:
        """Return the public constants that can be shown in a line, in the order written."""
        found = []
        for at, node in enumerate(self.tree.body):
            why = _text_below(self.tree, at)
            for name in _assigned(node):
                if name.isupper() and not name.startswith("_"):
                    value = shown(vars(self.module)[name])
                    found += [Constant(name, value, why)] if value else []
        return tuple(found)

    def functions(self) -> tuple[Documented, ...]:
        """Return the module's own functions that have a docstring, in the order written."""
        defined = (node for node in self.tree.body if isinstance(node, ast.FunctionDef))
        return tuple(
            Documented(node.name, text) for node in defined if (text := ast.get_docstring(node) or "")
        )

    def imported(self, prefix: str) -> Mapping[str, tuple[str, ...]]:
        """Return the names the module imports from each module below `prefix`."""
        return MappingProxyType(
            {
                node.module: tuple(alias.name for alias in node.names)
                for node in self.tree.body
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{prefix}.")
            }
        )

    @property
    def is_shared(self) -> bool:
        """Whether several agents use the module: it holds an agent of its own, or what agents that draft share."""
        return "agent" in vars(self.module) or self.name.endswith(".drafting")

    def instruction(self) -> str:
        """Return the instruction the module's `prompt` method builds; empty where it asks no model.

        Constants stand there with their values, what is only known when an agent runs as `‹its name›`.
        """
        for method in _methods(self.tree, "prompt"):
            for node in ast.walk(method):
                if isinstance(node, ast.keyword) and node.arg == "instruction":
                    return self._written(node.value)
        return ""

    def _written(self, node: ast.expr) -> str:
        if isinstance(node, ast.JoinedStr):
            return "".join(self._written(part) for part in node.values)
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.FormattedValue):
            known = vars(self.module).get(getattr(node.value, "id", ""))
            if isinstance(known, int | float | str):
                return f"{known}"
            return f"‹{ast.unparse(node.value)}›"
        return f"‹{ast.unparse(node)}›"


@cache
def source_of(module_name: str) -> Source:
    """Return a module that is imported already, parsed."""
    module = sys.modules[module_name]
    return Source(module, ast.parse(inspect.getsource(module)))


def shown(value: Any) -> str:
    """Return a constant's value in a line; empty for what has no line (functions, patterns, long texts)."""
    match value:
        case bool() | None:
            return ""
        case int():
            return f"{int(value):,}"
        case float():
            return f"{value:g}"
        case str():
            return str(value) if 0 < len(value) <= LONGEST_CONSTANT and " " not in value else ""
        case Mapping():
            parts = [f"{_key(key)}: {inner}" for key, one in value.items() if (inner := shown(one))]
        case tuple() | list():
            parts = [shown(one) for one in value]
        case frozenset() | set():
            parts = sorted(shown(one) for one in value)
        case _ if isinstance(getattr(value, "id", None), str):
            return str(value.id)
        case _ if hasattr(value, "as_tuple"):
            return str(value)
        case _ if hasattr(value, "__dataclass_fields__"):
            parts = [f"{name.replace('_', ' ')} {shown(getattr(value, name))}" for name in value.__slots__]
        case _:
            return ""
    whole = [part for part in parts if part]
    if len(whole) > MOST_ENTRIES:
        return f"{len(whole)} entries"
    return ("; " if isinstance(value, Mapping) else ", ").join(whole)


def _key(key: Any) -> str:
    return str(getattr(key, "value", key)).replace("_", " ")


def _assigned(node: ast.stmt) -> Iterator[str]:
    """Return the names a statement assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        for one in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(one, ast.Name):
                yield one.id


def _text_below(tree: ast.Module, at: int) -> str:
    """Return the text that stands below a statement as its documentation."""
    following = tree.body[at + 1] if at + 1 < len(tree.body) else None
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        return inspect.cleandoc(str(following.value.value))
    return ""


def _methods(tree: ast.Module, name: str) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == name)
