import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tiktok_ops import network
from tiktok_ops.network import NetworkBlocked, block_network, guard_from_environment, is_loopback

OUTSIDE = ("192.0.2.1", 80)  # TEST-NET-1 (RFC 5737): nobody's
OUTSIDE_6 = ("2001:db8::1", 80, 0, 0)


@pytest.fixture
def stream() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.settimeout(0.5)
        yield made


@pytest.fixture
def datagram() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.settimeout(0.5)
        yield made


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost", b"localhost", "127.0.0.1", "127.9.9.9", b"127.0.0.1", "::1", "::1%lo"],
)
def test_recognise_this_machine_by_any_of_its_names(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "2001:db8::1",
        "example.com",
        b"example.com",
        "255.255.255.255",
        "10.0.0.1",
        "localhost.example.com",
        16,
    ],
)
def test_recognise_other_machines_as_others(host: object) -> None:
    assert not is_loopback(host)


def test_connect_to_an_outside_address_is_refused_by_name(stream: socket.socket) -> None:
    with pytest.raises(NetworkBlocked) as refusal:
        stream.connect(OUTSIDE)
    assert str(refusal.value) == (
        "The network is off in this process: socket.connect to '192.0.2.1' was refused."
    )


def test_connect_to_an_outside_address_without_raising_is_refused_too(stream: socket.socket) -> None:
    with pytest.raises(NetworkBlocked):
        stream.connect_ex(OUTSIDE)


def test_connect_to_an_outside_address_of_version_6_is_refused() -> None:
    with socket.socket(socket.AF_INET6) as made, pytest.raises(NetworkBlocked):
        made.connect(OUTSIDE_6)


@pytest.mark.parametrize(
    "send",
    [
        lambda made: made.sendto(b"hello", OUTSIDE),
        lambda made: made.sendto(b"hello", 0, OUTSIDE),
        lambda made: made.sendmsg([b"hello"], [], 0, OUTSIDE),
    ],
)
def test_send_to_an_outside_address_is_refused(
    datagram: socket.socket, send: Callable[[socket.socket], object]
) -> None:
    with pytest.raises(NetworkBlocked):
        send(datagram)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: socket.getaddrinfo("example.com", 443),
        lambda: socket.getaddrinfo(b"example.com", 443),
        lambda: socket.gethostbyname("example.com"),
        lambda: socket.gethostbyname_ex("example.com"),
        lambda: socket.gethostbyaddr("192.0.2.1"),
        lambda: socket.create_connection(("example.com", 443), timeout=0.5),
    ],
)
def test_ask_for_an_outside_name_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(NetworkBlocked, match="was refused"):
        ask()


def test_connect_over_loopback_is_allowed(stream: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream.connect(server.getsockname())
        accepted, _ = server.accept()
        with accepted:
            stream.sendall(b"hello")
            assert accepted.recv(5) == b"hello"


def test_send_over_loopback_is_allowed(datagram: socket.socket) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        datagram.sendto(b"one", receiver.getsockname())
        datagram.sendmsg([b"two"], [], 0, receiver.getsockname())
        datagram.connect(receiver.getsockname())
        datagram.sendmsg([b"three"])
        assert [receiver.recv(5) for _ in range(3)] == [b"one", b"two", b"three"]


def test_ask_for_this_machine_is_allowed() -> None:
    assert socket.getaddrinfo("localhost", 80)
    assert socket.getaddrinfo(None, 80)
    assert socket.gethostbyname("127.0.0.1") == "127.0.0.1"


def test_connect_to_a_local_socket_is_allowed(tmp_path: Path) -> None:
    address = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(address)
        server.listen()
        client.connect(address)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (object(),)),
        ("socket.connect", (object(), ("127.0.0.1", 80))),
        ("socket.connect", (object(), "/var/run/socket")),
        ("socket.connect", (object(), ())),
        ("socket.sendmsg", (object(), None)),
        ("socket.getaddrinfo", (None, 80, 0, 0, 0)),
        ("open", ("192.0.2.1",)),
    ],
)
def test_see_an_event_of_this_machine_lets_it_pass(event: str, arguments: tuple[object, ...]) -> None:
    network._refuse_outside(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (object(), OUTSIDE)),
        ("socket.sendto", (object(), OUTSIDE_6)),
        ("socket.sendmsg", (object(), OUTSIDE)),
        ("socket.getaddrinfo", ("example.com", 443, 0, 0, 0)),
        ("socket.gethostbyname", ("example.com",)),
        ("socket.gethostbyaddr", ("192.0.2.1",)),
    ],
)
def test_see_an_event_of_another_machine_refuses_it(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(NetworkBlocked, match=f"{event} to '.*' was refused"):
        network._refuse_outside(event, arguments)


@pytest.mark.parametrize(
    ("value", "blocks"), [("loopback", True), ("", False), ("off", False), (None, False)]
)
def test_guard_blocks_only_where_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, value: str | None, blocks: bool
) -> None:
    hooks: list[object] = []
    monkeypatch.setattr(network, "_installed", [])
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    if value is None:
        monkeypatch.delenv(network.VARIABLE, raising=False)
    else:
        monkeypatch.setenv(network.VARIABLE, value)
    guard_from_environment()
    assert len(hooks) == int(blocks)


def test_block_twice_installs_one_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: list[object] = []
    monkeypatch.setattr(network, "_installed", [])
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    block_network()
    block_network()
    assert hooks == [network._refuse_outside]
