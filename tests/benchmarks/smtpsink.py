"""The smallest SMTP server that takes mail: `python -m tests.benchmarks.smtpsink`.

aiosmtpd tops out near 370 mails a second, which would measure the sink. This one keeps nothing;
it prints its port, and the number of messages it took when a connection sends VRFY.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from mesoclinic.embedded.processes import die_with_parent

_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection. Commands and data are cut out of the byte stream as they come."""

    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""
        self.in_data = False
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer whatever is complete."""
        self.buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self.in_data:
            end = self.buffer.find(_END)
            if end < 0:
                return False
            self.buffer = self.buffer[end + len(_END) :]
            self.in_data = False
            Sink.taken += 1
            self.transport.write(b"250 2.0.0 taken\r\n")
            return True
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        self._answer(line[:4].upper())
        return True

    def _answer(self, verb: bytes) -> None:
        if verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif verb == b"EHLO":
            self.transport.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif verb == b"VRFY":
            self.transport.write(b"252 %d\r\n" % Sink.taken)
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 ok\r\n")


async def main() -> None:
    """Listen on a free port of loopback until we are ended."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM, os.getppid())
    asyncio.run(main())
