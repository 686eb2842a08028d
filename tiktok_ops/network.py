"""A block on the network for a whole process and all it forks: loopback and local sockets only.

Tests switch it on for themselves and, through the environment, for every process they start. It is
an audit hook (PEP 578) and so sees every socket Python opens, whatever library opens it; it cannot be
switched off again, and a forked child inherits it.
"""

import ipaddress
import os
import sys
from typing import Any

VARIABLE = "TIKTOK_OPS_NETWORK"
LOOPBACK_ONLY = "loopback"
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_NAMED = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_installed: list[bool] = []


class NetworkBlocked(OSError):
    """The network is switched off for this process; only loopback and local sockets are open."""


def is_loopback(host: object) -> bool:
    """Return whether `host` is this machine: a loopback address, its name, or no name at all."""
    if host is None or host == "":
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _host_of(event: str, arguments: tuple[Any, ...]) -> object:
    """Return the host an audited socket call is about, None for a local (Unix) address."""
    if event in _NAMED:
        return arguments[0]
    address = arguments[1] if len(arguments) > 1 else None
    return address[0] if isinstance(address, tuple) and address else None


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: raise `NetworkBlocked` for any address that is not this machine."""
    if event not in _ADDRESSED | _NAMED:
        return
    host = _host_of(event, arguments)
    if not is_loopback(host):
        raise NetworkBlocked(f"The network is off in this process: {event} to {host!r} was refused.")


def block_network() -> None:
    """Refuse every address but loopback in this process and its forks, for good."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_refuse_outside)


def guard_from_environment() -> None:
    """Block the network when the environment says so (`TIKTOK_OPS_NETWORK=loopback`)."""
    if os.environ.get(VARIABLE) == LOOPBACK_ONLY:
        block_network()
