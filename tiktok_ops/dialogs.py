"""Buttons that ask before they act: unfold's dialog, one service, one sentence, and back to the row."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action
from unfold.enums import ActionVariant

from tiktok_ops.errors import Refused


def confirmed(
    label: str,
    *,
    permission: str,
    icon: str,
    question: str,
    consequence: str,
    variant: ActionVariant = ActionVariant.DEFAULT,
) -> Callable[..., Any]:
    """Return the decorator of a row's action that asks `question`, says its `consequence`, and is then a POST."""
    dialog = {
        "title": question,
        "description": consequence,
        "form_class": None,
        "form_submit_text": label,
    }
    decorated: Callable[..., Any] = action(
        description=label, permissions=[permission], icon=icon, variant=variant, dialog=dialog
    )
    return decorated


def act_and_tell(
    request: HttpRequest, act: Callable[[], object], *, done: Callable[[Any], str], url: str
) -> HttpResponse:
    """Call `act`, tell the person what `done` makes of its result, or the refusal, and lead to `url`."""
    try:
        messages.success(request, done(act()))
    except Refused as refused:
        messages.error(request, str(refused))
    return go_to(request, url)


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Return a redirect: for a dialog the header htmx obeys, for a plain form the usual answer.

    A dialog's request would follow a plain redirect itself and put the page into the dialog.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
