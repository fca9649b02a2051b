"""What a request of the benchmark may ask the web process: who it is, how many queries it made."""

from __future__ import annotations

import cProfile
import io
import os
import pstats
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

ASK = "X-Probe"
QUERIES = "queries"
PROFILE = "profile"
SHOWN = 45

_Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class ProbeMiddleware:
    """Answers `X-Probe: queries` with headers; `X-Probe: profile` with where the time went."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get(ASK)
        if asked == QUERIES:
            return self._count(request)
        if asked == PROFILE:
            return self._profile(request)
        return self.get_response(request)

    def _count(self, request: HttpRequest) -> HttpResponse:
        seen: list[str] = []

        def note(execute: _Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            response = self.get_response(request)
        response["X-Queries"] = str(len(seen))
        response["X-Process"] = str(os.getpid())
        return response

    def _profile(self, request: HttpRequest) -> HttpResponse:
        profile = cProfile.Profile()
        profile.runcall(self.get_response, request)
        text = io.StringIO()
        pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(SHOWN)
        pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(SHOWN)
        return HttpResponse(text.getvalue(), content_type="text/plain")
