import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tiktok_ops.logging import configure_logging

NOISY = ("httpx", "httpx2", "httpcore2", "anthropic", "django-q")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Put logging back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    configuration = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.usefixtures("restored_logging")
def test_log_in_production_writes_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", json=True)
    structlog.get_logger("workflows.engine").warning("lease lost", step="s1", claim=2)
    logging.getLogger("django.request").error("Not found: %s", "/x")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["step"], ours["claim"]) == ("lease lost", "s1", 2)
    assert (ours["level"], ours["logger"]) == ("warning", "workflows.engine")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == (
        "Not found: /x",
        "error",
        "django.request",
    )


@pytest.mark.usefixtures("restored_logging")
def test_log_in_development_writes_plain_text_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", json=False)
    structlog.get_logger("workflows.keeper").error("step parked", claims=3)
    line = capsys.readouterr().err
    assert "step parked" in line
    assert "claims=3" in line
    assert "\x1b" not in line


@pytest.mark.usefixtures("restored_logging")
def test_log_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING", json=True)
    structlog.get_logger("a").info("quiet")
    logging.getLogger("b").info("quiet")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("name", NOISY)
def test_log_of_libraries_that_tell_whole_addresses_is_left_out(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    configure_logging("DEBUG", json=True)
    logging.getLogger(name).info("GET https://example.com/?key=secret")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("restored_logging")
def test_configure_twice_writes_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", json=True)
    configure_logging("INFO", json=True)
    logging.getLogger("c").warning("once")
    assert len(capsys.readouterr().err.splitlines()) == 1
