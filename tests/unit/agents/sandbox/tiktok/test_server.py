"""The sandbox TikTok over a real socket, spoken to by the real client: every operation, and faults on the wire."""

import io
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from agents.providers.errors import (
    AccessRefused,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok.grants import SCOPES
from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.write.chunks import plan_chunks
from agents.providers.tiktok.write.photos import PhotoPost, PhotoWriter
from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.grants import SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET
from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox.tiktok.records import plant
from agents.sandbox.tiktok.registry import OPERATIONS
from agents.sandbox.tiktok.server import SandboxServer
from agents.sandbox.tiktok.shop_gate import SANDBOX_APP_KEY, SANDBOX_APP_SECRET
from tests.factories.tiktok import POST, TOKEN, USERNAME, make_creator, video_of
from tests.factories.tiktok_world import ACCESS, a_video
from tests.processes import call_here, wait_until
from tiktok_ops.env import BASE_DIR
from workflows.webhooks.signatures import signed_at

pytestmark = pytest.mark.usefixtures("committed_sandbox")

FAULTS = {"publish_seconds": 0, "moderation_seconds": 0}
BACK = "http://127.0.0.1:9/back/"
VERIFIER = "v" * 64
JPEG = b"\xff\xd8\xff" + b"photo " * 100


@pytest.fixture
def server(committed_sandbox: None) -> Iterator[SandboxServer]:
    """A sandbox that listens on a port of its own."""
    listening = SandboxServer(faults=TikTokFaults.model_validate(FAULTS)).start()
    yield listening
    listening.stop()


@pytest.fixture
def client(server: SandboxServer) -> Iterator[TikTokProvider]:
    """The real client, pointed at it."""
    options = {
        "base_url": server.origin,
        "client_key": SANDBOX_CLIENT_KEY,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "shop_app_key": SANDBOX_APP_KEY,
        "shop_app_secret": SANDBOX_APP_SECRET,
    }
    made = TikTokProvider("live", options)
    yield made
    made.close()


def act(server: SandboxServer, **faults: Any) -> None:
    """Let calls go wrong."""
    server.faults = TikTokFaults.model_validate(FAULTS | faults)


def code_of(client: TikTokProvider, *, answer: str = "allow") -> dict[str, str]:
    """Say yes, or no, on the page a browser is sent to, and return what it comes back with."""
    url = client.oauth.authorize_url(state="state", redirect_uri=BACK, verifier=VERIFIER, hint=USERNAME)
    page = httpx.get(url)
    assert page.status_code == 200
    assert f'value="{USERNAME}"' in page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    back = httpx.post(url, data={**asked, "answer": answer, "scopes": asked["scope"].split(",")})
    assert back.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["location"]).query).items()}


def test_connect_renew_and_revoke_over_the_socket(client: TikTokProvider) -> None:
    grant = client.oauth.exchange(code=code_of(client)["code"], redirect_uri=BACK, verifier=VERIFIER)
    assert grant.scopes == SCOPES
    assert client.display.user_info(token=grant.access_token).username == USERNAME
    renewed = client.oauth.refresh(refresh_token=grant.refresh_token)
    with pytest.raises(AccessRefused, match="invalid_grant"):
        client.oauth.refresh(refresh_token=grant.refresh_token)
    client.oauth.revoke(token=renewed.access_token)
    with pytest.raises(AccessRefused, match="access_token_invalid"):
        client.display.user_info(token=renewed.access_token)


def test_say_no_over_the_socket_leads_back_without_a_code(client: TikTokProvider) -> None:
    assert code_of(client, answer="deny")["error"] == "access_denied"


def test_post_a_video_in_chunks_over_the_socket(client: TikTokProvider) -> None:
    content = video_of(11_000_000)
    plan = plan_chunks(len(content), chunk_size_bytes=5_242_880, whole_up_to_bytes=5_242_880)
    assert len(plan.chunks) == 2
    writer = PostingWriter(client)
    assert client.posting.creator_info(token=TOKEN).username == USERNAME
    ticket = writer.init_video(token=TOKEN, post=POST, plan=plan)
    assert writer.upload(upload_url=ticket.upload_url, plan=plan, file=io.BytesIO(content))
    status = client.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    [post] = posts(username=USERNAME)
    assert status.post_ids == (post.post_id,)
    assert post.video_size_bytes == len(content)
    assert [one.outcome for one in received(operation="upload")] == ["206", "201"]
    assert [video.id for video in client.display.videos(token=TOKEN)] == [post.post_id]
    assert client.display.video_query(token=TOKEN, video_ids=[post.post_id])
    with pytest.raises(ProviderRejected, match="publish_not_cancellable"):
        writer.cancel(token=TOKEN, publish_id=ticket.publish_id)


class Photos(BaseHTTPRequestHandler):
    """Our web process, as far as TikTok pulls from it."""

    def do_GET(self) -> None:
        """Serve the one photo there is; everything else leads away."""
        is_there = self.path == "/pull/a/0.jpg"
        self.send_response(200 if is_there else 302)
        self.send_header("Location", "/pull/a/0.jpg")
        self.end_headers()
        self.wfile.write(JPEG if is_there else b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.mark.parametrize(
    ("path", "outcome"), [("/pull/a/0.jpg", "published"), ("/pull/a/1.jpg", "photo_pull_failed")]
)
def test_post_photos_over_the_socket_pulls_them_from_us(
    client: TikTokProvider, settings: Any, path: str, outcome: str
) -> None:
    with HTTPServer(("127.0.0.1", 0), Photos) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        settings.PUBLIC_URL = f"http://127.0.0.1:{web.server_address[1]}"
        post = PhotoPost("Tea", "Cold", "PUBLIC_TO_EVERYONE")
        ticket = PhotoWriter(client).init_photos(
            token=TOKEN, post=post, photo_urls=(f"{settings.PUBLIC_URL}{path}",)
        )
        status = client.posting.status(token=TOKEN, publish_id=ticket.publish_id)
        web.shutdown()
        thread.join()
    if outcome == "published":
        assert status.post_ids == (posts()[0].post_id,)
        assert posts()[0].caption == "Tea\nCold"
    else:
        assert (status.state, status.fail_reason) == ("FAILED", outcome)


def test_every_api_is_served_at_the_one_address(client: TikTokProvider) -> None:
    make_creator()
    plant([a_video()])
    page = client.business.video_page(token=ACCESS.token, business_id=ACCESS.business_id)
    assert page is not None
    assert client.shop.shops(token=ACCESS.token)
    answers = {
        one.name: httpx.request(one.method, f"{client.wire._base_url}{_filled(one.path)}").status_code
        for one in OPERATIONS
    }
    assert 404 not in answers.values(), answers
    assert httpx.get(f"{client.wire._base_url}/nothing/").status_code == 404


def _filled(path: str) -> str:
    """Return an operation's path with something in the place of each part."""
    return path.replace("{", "1").replace("}", "")


# Faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["unreachable", "reset_after", "malformed"])
def test_fault_is_acted_out_on_the_socket(server: SandboxServer, client: TikTokProvider, fault: str) -> None:
    act(server, user_info={fault: 1})
    with pytest.raises(ProviderUnavailable):
        client.display.user_info(token=TOKEN)
    assert client.display.user_info(token=TOKEN).username == USERNAME


def test_answer_that_never_comes_lets_the_client_give_up(
    server: SandboxServer, client: TikTokProvider
) -> None:
    act(server, user_info={"timeout_after": 1})
    with pytest.raises(ProviderUnavailable, match="did not answer in time"):
        client.display.user_info(token=TOKEN, timeout_seconds=0.2)
    assert [one.outcome for one in received(operation="user_info")] == ["ok"]


@pytest.mark.parametrize(
    ("headers", "status"), [({"content-length": "130000001"}, 413), ({"transfer-encoding": "chunked"}, 411)]
)
def test_body_that_cannot_be_read_is_refused(
    server: SandboxServer, headers: dict[str, str], status: int
) -> None:
    parts = urlsplit(server.origin)
    lines = [
        "POST /v2/video/list/ HTTP/1.1",
        "host: here",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(100).startswith(f"HTTP/1.1 {status} ".encode())


def test_address_without_https_beyond_this_machine_is_no_tiktok() -> None:
    for address in ("http://tiktok.example", "http://127.0.0.1.example", "http://user@127.0.0.1"):
        with pytest.raises(ProviderMisconfigured, match="Without https only this machine itself"):
            TikTokProvider("live", {"base_url": address})


def test_upload_address_of_another_host_is_refused_here_too(client: TikTokProvider) -> None:
    for address in ("https://open-upload.tiktokapis.com.example/video/", "http://127.0.0.1:1/video/"):
        with pytest.raises(ProviderMisconfigured, match="upload address"):
            client.wire.check_upload_url(address)


# Webhooks --------------------------------------------------------------------------------------------


def test_webhooks_are_posted_signed_to_where_they_are_wanted(committed_sandbox: None, settings: Any) -> None:
    settings.TIKTOK_CLIENT_KEY, settings.WEBHOOK_SECRETS = "aw_made", {"tiktok": ("a secret we share",)}
    heard: list[tuple[str, bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        """Our webhook's address."""

        def do_POST(self) -> None:
            """Take it, but not the first time."""
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((self.headers["tiktok-signature"], body))
            self.send_response(200 if len(heard) > 1 else 500)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Hook) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_address[1]}/hooks/tiktok/"
        server = SandboxServer(faults=TikTokFaults.model_validate(FAULTS), webhooks_to=url)
        client = TikTokProvider("live", {"base_url": server.origin})
        server.start()
        post = replace(POST, privacy_level="SELF_ONLY")
        plan = plan_chunks(10)
        ticket = PostingWriter(client).init_video(token=TOKEN, post=post, plan=plan)
        PostingWriter(client).upload(upload_url=ticket.upload_url, plan=plan, file=io.BytesIO(b"0123456789"))
        wait_until(lambda: len(heard) >= 2, seconds=10, what="it is told again")
        server.stop()
        client.close()
        web.shutdown()
    assert signed_at(*heard[1], secrets=["a secret we share"]) is not None
    assert heard[0][1] == heard[1][1]


# The command -----------------------------------------------------------------------------------------


def test_command_listens_until_it_is_stopped(committed_sandbox: None) -> None:
    command = [sys.executable, "manage.py", "sandbox_tiktok", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().rpartition(" ")[2].strip()
        client = TikTokProvider("live", {"base_url": origin})
        assert client.display.user_info(token=TOKEN).username == USERNAME
        client.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--port", "70000"], "The port is 70000: give one from 1 to 65535"),
        (["--port", "0", "--host", "192.0.2.1"], "Does this machine have that address?"),
        (["--port", "0", "--webhooks-to", "nowhere"], "--webhooks-to is 'nowhere': give an address"),
    ],
)
def test_command_that_cannot_listen_says_why(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = call_here(capsys, "sandbox_tiktok", *given)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_command_in_production_or_with_faults_nobody_knows_is_refused(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = settings.PROVIDERS["tiktok"]["OPTIONS"]
    faulty = {**settings.PROVIDERS["tiktok"], "OPTIONS": {**options, "faults": {"made": 1}}}
    settings.PROVIDERS = {**settings.PROVIDERS, "tiktok": faulty}
    assert "TIKTOK_FAULTS is wrong at" in call_here(capsys, "sandbox_tiktok", "--port", "0").stderr
    settings.IS_PRODUCTION = True
    assert "This is production" in call_here(capsys, "sandbox_tiktok", "--port", "0").stderr


def test_command_on_a_port_that_is_taken_says_so(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    port = str(urlsplit(server.origin).port)
    assert "choose another port" in call_here(capsys, "sandbox_tiktok", "--port", port).stderr
