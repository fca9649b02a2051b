"""Keeps tests on this machine: no connection but loopback and Unix sockets."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class NetworkBlockedError(RuntimeError):
    """A test tried to leave the machine."""


def _check(family: int, address: Any) -> None:
    if family in {socket.AF_INET, socket.AF_INET6} and not _is_local(str(address[0])):
        raise NetworkBlockedError(f"Tests reach only this machine, not {address[0]}.")


def _is_local(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == socket.gethostname()


class _Socket:
    """Replacements for methods of `socket.socket`."""

    @staticmethod
    def connect(sock: socket.socket, address: Any) -> None:
        _check(sock.family, address)
        _connect(sock, address)

    @staticmethod
    def connect_ex(sock: socket.socket, address: Any) -> int:
        _check(sock.family, address)
        return _connect_ex(sock, address)

    @staticmethod
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local(name):
            raise NetworkBlockedError(f"Tests do not look up {name}.")
        return _getaddrinfo(host, *args, **kwargs)


def block() -> None:
    """Refuse connections and name lookups that leave this machine, from now on."""
    socket.socket.connect = lambda self, address: _Socket.connect(self, address)  # type: ignore[method-assign]
    socket.socket.connect_ex = lambda self, address: _Socket.connect_ex(self, address)  # type: ignore[method-assign]
    socket.getaddrinfo = _Socket.getaddrinfo  # type: ignore[assignment]
