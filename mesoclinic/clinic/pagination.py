"""Pages of API lists. Named in settings, so it must not import rest_framework.views."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination, LimitOffsetPagination


class NewestFirst(CursorPagination):
    """Lists that grow: newest first, by cursor, so that no page counts the table."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: Any = ("-created_at", "-id")


class ByName(LimitOffsetPagination):
    """Short lists in an order of their own (`?limit=&offset=`)."""

    default_limit = 50
    max_limit = 200
