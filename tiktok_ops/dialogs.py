"""Leaving one of unfold's dialogs for another page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Return a redirect: for a dialog the header htmx obeys, for a plain form the usual answer.

    A dialog's request would follow a plain redirect itself and put the page into the dialog.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
