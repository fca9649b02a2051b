"""Tests stay on this machine."""

from __future__ import annotations

import socket

import pytest

from tests.network import NetworkBlockedError


@pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8", "2001:db8::1"])
def test_other_machines_are_out_of_reach(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        with pytest.raises(NetworkBlockedError):
            probe.connect((address, 80))
        with pytest.raises(NetworkBlockedError):
            probe.connect_ex((address, 80))


def test_names_are_not_looked_up() -> None:
    with pytest.raises(NetworkBlockedError):
        socket.getaddrinfo("example.com", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert socket.getaddrinfo("localhost", 80)
