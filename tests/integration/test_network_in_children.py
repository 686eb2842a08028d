"""The block on the network reaches every process a test starts, and what those fork."""

import json
import os
import subprocess
import sys

import pytest

from tiktok_ops.env import BASE_DIR
from tiktok_ops.network import LOOPBACK_ONLY, VARIABLE

PROBE = """
import json, os, socket

def tried(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "allowed"

def probe():
    with socket.socket() as outside, socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as inside:
        outside.settimeout(0.2)
        return {
            "connect": tried(lambda: outside.connect(("192.0.2.1", 80))),
            "name": tried(lambda: socket.getaddrinfo("example.com", 443)),
            "loopback": tried(lambda: inside.connect(server.getsockname())),
        }

def probe_in_fork():
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.write(write_end, json.dumps(probe()).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(read_end, 10_000))

print(json.dumps({"process": probe(), "fork": probe_in_fork()}))
"""


def probe_in_shell(**variables: str) -> dict[str, dict[str, str]]:
    """Run the probe in a `manage.py shell` of its own and return what it found, there and in a fork."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", PROBE],
        cwd=BASE_DIR,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, dict[str, str]] = json.loads(ran.stdout)
    return found


@pytest.mark.integration
def test_connect_from_a_child_process_and_its_fork_is_refused() -> None:
    assert os.environ[VARIABLE] == LOOPBACK_ONLY
    blocked = {"connect": "NetworkBlocked", "name": "NetworkBlocked", "loopback": "allowed"}
    assert probe_in_shell() == {"process": blocked, "fork": blocked}
