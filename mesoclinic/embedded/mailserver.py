"""A real SMTP server on loopback which puts all mail into a Maildir; nothing leaves the machine.

Run as ``python -m mesoclinic.embedded.mailserver PORT MAILDIR``.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP


async def serve(port: int, maildir: Path) -> None:
    """Listen on 127.0.0.1 until SIGINT or SIGTERM."""
    for part in ("tmp", "new", "cur"):  # Maildir makes them only together with the folder
        (maildir / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = Mailbox(maildir)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sig, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, data_size_limit=50_000_000, loop=loop),
        "127.0.0.1",
        port,
    )
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
