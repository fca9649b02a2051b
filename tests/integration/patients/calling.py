"""A program that calls the API for a member of staff."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mesoclinic.clinic.models import Membership
from tests.factories.clinic import ApiTokenFactory

API = "/api/v1"


class Api:
    """A program that acts for a member of staff."""

    def __init__(self, membership: Membership) -> None:
        token: Any = ApiTokenFactory(membership=membership)
        self.headers = {"Authorization": f"Bearer {token.secret}"}
        self.client = Client()
        self.name = membership.staff.full_name

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"{API}{path}", query, headers=self.headers)

    def post(self, path: str, **body: Any) -> Any:
        return self._send("post", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self._send("put", path, body)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"{API}{path}", headers=self.headers)

    def upload(self, path: str, name: str, data: bytes) -> Any:
        file = SimpleUploadedFile(name, data)
        return self.client.post(f"{API}{path}", {"file": file}, headers=self.headers)

    def patch(self, path: str, **body: Any) -> Any:
        return self._send("patch", path, body)

    def _send(self, method: str, path: str, body: Any) -> Any:
        return getattr(self.client, method)(
            f"{API}{path}", body, content_type="application/json", headers=self.headers
        )
