"""The ceilings of the style guide, measured on the source; an exception is written down here with its reason."""

import ast
from statistics import median, quantiles

import pytest

from tests.architecture.source import (
    APPS,
    Function,
    Module,
    import_graph,
    imports,
    in_circles,
    length,
    modules,
)

MOST_LINES = 400
MOST_FUNCTION_LINES = 40
USUAL_FUNCTION_LINES = 8  # half of all functions have no more
LONG_FUNCTION_LINES = 25  # nine in ten have no more
VAGUE_NAMES = {"utils", "helpers", "common", "misc"}

OURS = modules(*APPS)
TESTS = modules("tests")


def located(module: Module, function: Function) -> str:
    return f"{module.name}.{function.name}"


def local_imports(module: Module) -> list[str]:
    """Return the functions of a module that import something."""
    return [located(module, function) for function in module.functions() if list(imports(function))]


def test_find_source_finds_all_of_it() -> None:
    assert {"tiktok_ops.env", "agents.runner", "workflows.engine", "workflows"} <= {
        module.name for module in OURS
    }
    assert __name__ in {module.name for module in TESTS}


def test_keep_files_within_400_lines() -> None:
    assert [(module.name, module.lines) for module in (*OURS, *TESTS) if module.lines > MOST_LINES] == []


def test_keep_functions_within_40_lines() -> None:
    found = [(located(module, one), length(one)) for module in (*OURS, *TESTS) for one in module.functions()]
    assert [one for one in found if one[1] > MOST_FUNCTION_LINES] == []


def test_keep_functions_short_as_a_rule() -> None:
    lengths = [length(function) for module in OURS for function in module.functions()]
    assert median(lengths) <= USUAL_FUNCTION_LINES
    assert quantiles(lengths, n=10)[-1] <= LONG_FUNCTION_LINES


def test_import_modules_in_no_circle() -> None:
    assert in_circles(import_graph(OURS)) == []


def test_import_inside_functions_only_when_an_app_gets_ready() -> None:
    found = [name for module in OURS for name in local_imports(module)]
    assert [name for name in found if not name.endswith(".apps.ready")] == []


def test_import_inside_tests_never() -> None:
    assert [name for module in TESTS for name in local_imports(module)] == []


def test_use_no_mocks_anywhere() -> None:
    banned = ("unittest.mock", "mock", "pytest_mock")
    found = [
        module.name
        for module in (*OURS, *TESTS)
        for base, name in imports(module.tree)
        if base in banned or f"{base}.{name}" in banned
    ]
    assert found == []
    arguments = {argument.arg for module in TESTS for one in module.functions() for argument in one.args.args}
    assert "mocker" not in arguments


def test_name_no_module_vaguely() -> None:
    parts = {part for module in (*OURS, *TESTS) for part in module.name.split(".")}
    assert parts & VAGUE_NAMES == set()


def test_document_every_module_and_class() -> None:
    missing = [module.name for module in OURS if module.tree.body and not ast.get_docstring(module.tree)]
    for module in OURS:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and node.name != "Meta" and not ast.get_docstring(node):
                missing.append(f"{module.name}.{node.name}")
    assert missing == []


def test_name_tests_as_sentences() -> None:
    """`test_<verb>_<circumstance>_<outcome>`: three words or more."""
    found = [one.name for module in TESTS for one in module.functions() if one.name.startswith("test_")]
    assert [name for name in found if name.count("_") < 3] == []
    assert len(found) > 1000


# --- the measure itself


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({}, []),
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": set()}, ["a", "b"]),
        ({"a": {"a.b"}, "a.b": {"c"}, "c": {"a"}}, ["a", "a.b", "c"]),
    ],
)
def test_measure_circles_finds_them_where_they_are(graph: dict[str, set[str]], cycle: list[str]) -> None:
    assert in_circles(graph) == cycle


def test_measure_length_counts_the_lines_from_the_signature_on() -> None:
    [function] = ast.parse("@decorated\ndef one(\n    a: int,\n) -> int:\n    return a\n").body
    assert isinstance(function, ast.FunctionDef)
    assert length(function) == 4
