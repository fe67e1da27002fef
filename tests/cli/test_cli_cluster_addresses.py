"""--scheduler: what is no address, and addresses at which no cluster answers."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cli_tools import Run
from cluster_tools import Client
from in_one_test import in_one_folder

from xentcli.execution import dask_client


@in_one_folder
@pytest.mark.parametrize("address", ["local:0", "local:x", "127.0.0.1:8786", "tcp://host", " "])
def test_what_is_no_address(folder: Path, run: Run, address: str) -> None:
    del folder
    outcome = run("loss", "z.npy", "y.npy", "--scheduler", address)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: --scheduler: {address!r} is no address, ")


def test_nobody_answers(folder: Path) -> None:
    """Or something else does, there are no keys, or only what is encrypted may be sent."""
    encrypted = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}
    impatient = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "0.3s"}
    no_file = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": "none.crt"}
    silent, hasty = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    threading.Thread(target=_hang_up, args=[hasty], daemon=True).start()
    of_silent, of_hasty = (f"127.0.0.1:{each.getsockname()[1]}" for each in (silent, hasty))
    nobody = "127.0.0.1:9"
    cases: tuple[tuple[str, dict[str, str], str], ...] = (
        (f"tcp://{nobody}", impatient, f"no cluster with workers answers at tcp://{nobody}: "),
        (f"tcp://{of_silent}", impatient, f"no cluster with workers answers at tcp://{of_silent}"),
        (f"tcp://{of_hasty}", {}, f"what answers at tcp://{of_hasty} is no scheduler that takes"),
        (f"tls://{nobody}", {}, f"no connection with tls://{nobody} by dask's configuration: TLS"),
        (
            f"tls://{nobody}",
            no_file,
            f"no connection with tls://{nobody} by dask's configuration: no such file: none.crt",
        ),
        (
            f"tcp://{nobody}",
            encrypted,
            f"no connection with tcp://{nobody} by dask's configuration: encryption required",
        ),
    )
    command = ["loss", "z.npy", "y.npy", "--scheduler"]
    clients = [
        Client(*command, address, folder=folder, **variables) for address, variables, _ in cases
    ]
    for client, (_, _, said) in zip(clients, cases, strict=True):
        code, out, err = client.ended()
        assert (code, out, err.count("\n")) == (1, "", 2), said
        assert err.startswith(f"error: {said}"), err
    silent.close()
    hasty.shutdown(socket.SHUT_RDWR)  # else the thread would accept for ever
    hasty.close()


def test_workers_that_do_not_start(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script without a condition around its call of xent runs it again in each of them."""

    def fail(**_: object) -> None:
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(dask_client, "_LocalCluster", fail)
    outcome = run("loss", folder / "z.npy", folder / "y.npy", "--scheduler", "local:7")
    assert (outcome.code, outcome.out) == (1, "")
    error, hint = outcome.err.splitlines()
    assert error == "error: the workers of local:7 did not start: Nanny failed to start."
    assert hint.endswith("main() stands below if __name__ == '__main__'")


def _hang_up(server: socket.socket) -> None:
    """Take connections, and end each without a word when something has come."""
    with suppress(OSError):
        while True:
            with server.accept()[0] as connection:
                connection.recv(1)
