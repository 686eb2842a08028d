"""The project's own source, as syntax trees, and what can be measured on them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tiktok_ops.env import BASE_DIR

APPS = ("tiktok_ops", "agents", "approvals", "workflows")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def is_package(self) -> bool:
        """Return whether this is the module of a folder."""
        return self.path.name == "__init__.py"

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Return the modules of these folders, but for migrations, which Django writes."""
    files = [file for folder in folders for file in sorted((BASE_DIR / folder).rglob("*.py"))]
    return tuple(_module(file) for file in files if "migrations" not in file.parts)


def _module(file: Path) -> Module:
    source = file.read_text()
    name = ".".join(file.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, file, ast.parse(source), len(source.splitlines()))


def length(function: Function) -> int:
    """Return how many lines a function has, its signature and docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield every import in the tree as (module, name): `import a.b` is ("a.b", "")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def import_graph(found: tuple[Module, ...]) -> dict[str, set[str]]:
    """Return which modules each module imports when it is loaded.

    What a function imports when it is called, and what only a type checker reads, is left out.
    """
    known = {module.name for module in found}
    graph: dict[str, set[str]] = {}
    for module in found:
        later = {node for part in ast.walk(module.tree) if _is_later(part) for node in ast.walk(part)}
        loaded = [node for node in ast.walk(module.tree) if node not in later]
        names = {
            pair for node in loaded if isinstance(node, ast.Import | ast.ImportFrom) for pair in imports(node)
        }
        targets = {f"{base}.{name}" if f"{base}.{name}" in known else base for base, name in names}
        graph[module.name] = targets & known - {module.name}
    return graph


def _is_later(node: ast.AST) -> bool:
    """Return whether loading the module leaves this part of it out."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, Function)


def in_circles(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules between circles of imports, by taking away what no circle can be made of.

    That is what imports none of the rest, and what none of the rest imports.
    """
    left = {name: set(targets) for name, targets in graph.items()}
    while True:
        imported = {target for targets in left.values() for target in targets}
        kept = {name for name, targets in left.items() if name in imported and targets & left.keys()}
        if kept == left.keys():
            return sorted(left)
        left = {name: left[name] & kept for name in kept}
