"""The page on which a creator allows our app something, as a browser sees it: asked by GET, answered by POST.

TikTok serves it at `https://www.tiktok.com/v2/auth/authorize/`. Here nobody signs in: whoever opens the page
says which creator they are. It knows no web framework, for both our own process and `manage.py sandbox_tiktok`
serve it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from django.db import transaction

from agents.sandbox.tiktok.grants import SANDBOX_CLIENT_KEY, allow
from agents.sandbox_models import ALL_SCOPES, SandboxCreator

AUTHORIZE_PATH = "/v2/auth/authorize/"
LONGEST_ADDRESS = 512
_LOOPBACK = r"http://(?:127\.0\.0\.1|localhost|\[::1\]|testserver)(?::\d{1,5})?"
_ADDRESS = re.compile(rf"(?:https://[^\s/@?#]+|{_LOOPBACK})/[^\s?#]*")
_CHALLENGE = re.compile("[0-9a-f]{64}")
_USERNAME = re.compile(r"[A-Za-z0-9_.]{2,24}")
ASKED = (
    "client_key",
    "scope",
    "redirect_uri",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
)
"""What an app may ask with, beside `disable_auto_auth`; source: "Login Kit for Web"."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the browser gets: a page, or where it is sent."""

    status: int
    html: str = ""
    location: str = ""


def ask(query: Mapping[str, str]) -> Shown:
    """Show the page for what an app asks, or what is wrong with that."""
    problem = _problem(query)
    return Shown(400, _page(f"<p>{escape(problem)}</p>")) if problem else Shown(200, _page(_form(query)))


def answer(form: Mapping[str, str], *, scopes: Sequence[str]) -> Shown:
    """Send the browser back to the app, with a code for the scopes the creator left ticked, or with their no."""
    username = form.get("username", "").strip().removeprefix("@")
    problem = _problem(form)
    if not problem and not _USERNAME.fullmatch(username):
        problem = "username: 2 to 24 letters, digits, points or underscores"
    if problem:
        return Shown(400, _page(f"<p>{escape(problem)}</p>"))
    state = form["state"]
    if form.get("answer") != "allow":
        said = {"error": "access_denied", "error_description": "The user denied the request", "state": state}
        return _sent(form, said)
    asked = form["scope"].split(",")
    granted = [scope for scope in asked if scope in scopes]
    with transaction.atomic():
        creator, _ = SandboxCreator.objects.get_or_create(username=username)
        code = allow(
            creator,
            scopes=granted,
            redirect_uri=form["redirect_uri"],
            code_challenge=form.get("code_challenge", ""),
        )
    return _sent(form, {"code": code, "scopes": ",".join(granted), "state": state})


def _sent(form: Mapping[str, str], said: Mapping[str, str]) -> Shown:
    return Shown(302, location=f"{form['redirect_uri']}?{urlencode(said)}")


def _problem(given: Mapping[str, str]) -> str:
    """Return what is wrong with what an app asks; empty where nothing is."""
    address = given.get("redirect_uri", "")
    unknown = sorted(set(given.get("scope", "").split(",")) - set(ALL_SCOPES))
    challenge = given.get("code_challenge", "")
    problems = {
        "client_key: not a known app": given.get("client_key") != SANDBOX_CLIENT_KEY,
        "response_type: must be code": given.get("response_type") != "code",
        "state: is required": not given.get("state"),
        "redirect_uri: https, absolute, static, without query and fragment, shorter than 512 characters": (
            len(address) >= LONGEST_ADDRESS or not _ADDRESS.fullmatch(address)
        ),
        f"scope: {', '.join(unknown) or 'is required'}": bool(unknown),
        "code_challenge: the SHA-256 of the verifier in 64 hex digits, with the method S256": bool(challenge)
        and (not _CHALLENGE.fullmatch(challenge) or given.get("code_challenge_method") != "S256"),
    }
    return next((said for said, is_so in problems.items() if is_so), "")


def _form(query: Mapping[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query[name])}">'
        for name in ASKED
        if name in query
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="scopes" value="{escape(scope)}" checked> {escape(scope)}</label>'
        for scope in query["scope"].split(",")
    )
    return f"""<form method="post">{hidden}
<p>The app asks for this on your account. Untick what it is not to have.</p>
<label>You are <input name="username" value="{escape(query.get("username", ""))}" required></label>
{boxes}
<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Do not allow</button>
</form>"""


def _page(inner: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Sandbox TikTok</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem}}
label{{display:block;margin:.4rem 0}}button{{font:inherit;padding:.4rem 1rem;margin-top:1rem}}
small{{opacity:.7}}</style></head>
<body><h1>Connect to TikTok</h1><p><small>This is the sandbox: nothing reaches TikTok.</small></p>{inner}</body></html>
"""
