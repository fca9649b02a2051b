"""How large a request with files may be: told before a single byte of it is kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class BodyLimit(FileUploadHandler):
    """Stands before Django's own handlers and refuses a body above UPLOAD_MAX_BYTES (400).

    Forms are read before anybody's right to send them is known (for the CSRF token), so without it
    a stranger could fill the disk.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raise RequestDataTooBig by the announced length, which servers hold the body to."""
        if content_length > settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("The request carries more bytes of files than are taken.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The file is the next handler's."""
