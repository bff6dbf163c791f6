"""Which ports anybody listens on at an address."""

import socket

from deploy.sandbox.fleet.listening import ports_at


def test_ports_at_an_address_are_those_of_exactly_this_address() -> None:
    with socket.create_server(("127.0.43.77", 0)) as ours, socket.create_server(("127.0.43.78", 0)):
        assert ports_at("127.0.43.77") == [ours.getsockname()[1]]
    assert ports_at("127.0.43.77") == []
