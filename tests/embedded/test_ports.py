import socket

import pytest

from embedded import EmbeddedError
from embedded.ports import check_address, free_port


def test_an_address_in_use_is_told_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedError) as failure:
            check_address(f"127.0.0.1:{port}", "./quick-start.sh")
    assert str(failure.value) == (
        f"127.0.0.1:{port} is in use by another program; stop it, or choose another address: "
        f"BIND=127.0.0.1:{port + 1} ./quick-start.sh"
    )


def test_a_free_address_passes_also_right_after_it_was_used() -> None:
    address = ("127.0.0.1", free_port())
    with socket.create_server(address) as server, socket.create_connection(address) as client:
        # The side that closes first keeps the port in TIME_WAIT.
        server.accept()[0].close()
        client.recv(1)
    check_address(f"127.0.0.1:{address[1]}", "./quick-start.sh")


def test_a_foreign_address_is_told() -> None:
    with pytest.raises(EmbeddedError, match=r"192\.0\.2\.1:5000 is not an address of this machine"):
        check_address("192.0.2.1:5000", "./quick-start.sh")


def test_advice_never_leaves_the_range_of_ports() -> None:
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", 65535))
        except OSError:
            pytest.skip("the port is taken")
        other.listen()
        with pytest.raises(EmbeddedError, match=r"BIND=127\.0\.0\.1:5001 "):
            check_address("127.0.0.1:65535", "./quick-start.sh")
