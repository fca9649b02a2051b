"""The pages of the local mail inbox."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.clinic.access import Policy, access
from mesoclinic.devmail import maildir

_PAGE = 50
# Mail is somebody else's HTML: no scripts, no requests, no way back into this site. Links open
# outside the sandbox. Mail can be styled only inline.
_SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@access(Policy.PUBLIC)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, newest first, searched by ?q=."""
    words = request.GET.get("q", "")
    page = _page_number(request)
    mails = maildir.newest(_folder(), words=words, start=(page - 1) * _PAGE, count=_PAGE + 1)
    context = {
        "mails": mails[:_PAGE],
        "words": words,
        "newer": page - 1,
        "older": page + 1 if len(mails) > _PAGE else None,
    }
    # A part of the page asks for itself again every few seconds.
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "dev/_mail_rows.html" if partial else "dev/mail_list.html", context)


@access(Policy.PUBLIC)
@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """One message with its headers, both bodies and attachments."""
    return render(request, "dev/mail.html", {"mail": _mail(key)})


@access(Policy.PUBLIC)
@xframe_options_sameorigin
@require_safe
def body(_request: HttpRequest, key: str) -> HttpResponse:
    """The HTML body alone, for the sandboxed frame."""
    page = f'<!doctype html><base target="_blank">{_mail(key).html}'
    return HttpResponse(
        page, headers={"Content-Security-Policy": _SANDBOX, "Referrer-Policy": "no-referrer"}
    )


@access(Policy.PUBLIC)
@require_safe
def attachment(_request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One attached file, always as a download."""
    files = _mail(key).attachments
    if number >= len(files):
        raise Http404
    return _download(files[number].content, files[number].content_type, files[number].name)


@access(Policy.PUBLIC)
@require_safe
def raw(_request: HttpRequest, key: str) -> HttpResponse:
    """The message as it went over the wire."""
    return _download(_mail(key).raw, "message/rfc822", "message.eml")


@access(Policy.PUBLIC)
@require_POST
def clear(_request: HttpRequest) -> HttpResponse:
    """Delete all mail."""
    maildir.clear(_folder())
    return redirect("dev-mail")


def _download(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "",
        "Content-Security-Policy": _SANDBOX,
    }
    return HttpResponse(content, content_type=content_type, headers=headers)


def _mail(key: str) -> maildir.Mail:
    mail = maildir.read(_folder(), key)
    if mail is None:
        raise Http404
    return mail


def _folder() -> Path:
    return Path(settings.MAIL_INBOX_DIR)


def _page_number(request: HttpRequest) -> int:
    value = request.GET.get("page", "1")
    return max(1, int(value)) if value.isdecimal() and len(value) < 7 else 1
