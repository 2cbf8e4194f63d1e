"""A screen on another machine: whoever knows the token comes in, and nobody else hears or says a word."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import nnviz.live  # noqa: E402
from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.live import proof, wire  # noqa: E402
from nnviz.live.doors import STRANGERS  # noqa: E402
from nnviz.live.ports import Address, Port, address_in  # noqa: E402
from nnviz.remote.attached import AttachedTrainer  # noqa: E402
from tests.live.programs import PROGRAMS  # noqa: E402
from tests.live.training import Training  # noqa: E402

pytestmark = pytest.mark.live
TOKEN = "a token of the tests"


def address(training: Training) -> Address:
    """Where it listens."""
    found = address_in(str(training.watching.address))
    assert found is not None
    return found


def stranger(training: Training) -> socket.socket:
    """A connection of somebody who has proved nothing yet."""
    where = address(training)
    return socket.create_connection((where.host, where.port))


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Training]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("NNVIZ_TOKEN", TOKEN)
    training = Training(name="far", port=0)
    yield training
    training.end()


def sees(training: Training) -> None:
    """A screen that knows the token is let in, and sees."""
    trainer = AttachedTrainer(Port(address(training), TOKEN))
    assert isinstance(trainer.receive(), Frame)
    assert trainer.hello.name == "far"
    trainer.close()
    while training.watching._server._turn.locked():
        training._ends.wait(0.01)


def test_who_knows_the_token_comes_in_and_who_does_not_is_told_so(training: Training) -> None:
    assert address(training).host == "127.0.0.1"
    sees(training)
    with pytest.raises(InputError, match=r"^127\.0\.0\.1:\d+: that is not the token") as refused:
        AttachedTrainer(Port(address(training), "another one, as long"))
    assert "another one" not in repr(Port(address(training), "another one, as long")) + str(refused.value)
    training.goes_on()
    sees(training)


def heard(connection: socket.socket) -> bytes:
    """All that comes until the other end has closed."""
    came = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            came += piece
    return came


def test_strangers_hear_a_nonce_and_hold_nobody_up(training: Training) -> None:
    length = len(proof.GREETING) + proof.NONCE
    silent = [stranger(training) for _ in range(STRANGERS + 1)]
    # The first of too many is sent away, with nothing but a nonce.
    assert len(heard(silent[0])) == length
    sees(training)
    training.goes_on()
    nonces = {each.recv(length) for each in silent[2:4]}
    assert len(nonces) == 2
    # A message of a screen in place of a proof.
    silent[2].sendall((wire.encoded(wire.Bye()) + bytes(100))[: proof.NONCE + proof.PROOF])
    assert heard(silent[2]) == proof.UNKNOWN
    for each in silent:
        each.close()
    sees(training)


def test_who_takes_too_long_is_sent_away(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "SECONDS", 0.05)
    with stranger(training) as slow:
        assert len(heard(slow)) in (0, len(proof.GREETING) + proof.NONCE)


def test_a_proof_that_was_heard_is_worth_nothing_again(training: Training) -> None:
    """What goes over the wire has no token in it, and is another one each time."""
    said = []
    for _ in range(2):
        with stranger(training) as connection, socket.create_server(("127.0.0.1", 0)) as between:
            told = connection.recv(len(proof.GREETING) + proof.NONCE)
            screen = threading.Thread(target=_come, args=(between.getsockname()[1],))
            screen.start()
            end, _ = between.accept()
            with end:
                end.sendall(told)
                said.append(end.recv(proof.NONCE + proof.PROOF))
            screen.join()
            # The proof of the first one for the nonce of the second.
            connection.sendall(said[0])
            answer = heard(connection) if len(said) > 1 else connection.recv(1)
            assert answer[:1] == (proof.UNKNOWN if len(said) > 1 else proof.KNOWN)
    assert said[0] != said[1]
    assert TOKEN.encode() not in said[0]


def _come(port: int) -> None:
    with contextlib.suppress(InputError):
        Port(Address("127.0.0.1", port), TOKEN).connect()


def test_what_listens_has_to_know_the_token_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def pretend() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(proof.GREETING + bytes(proof.NONCE))
                said = connection.recv(proof.NONCE + proof.PROOF)
                # It has nothing but what the screen has said.
                connection.sendall(proof.KNOWN + said[proof.NONCE :])

        thread = threading.Thread(target=pretend)
        thread.start()
        with pytest.raises(InputError, match="does not know the token: it is not your training"):
            Port(Address("127.0.0.1", listening.getsockname()[1]), TOKEN).connect()
        thread.join()


def test_the_token_is_told_once_unless_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("NNVIZ_TOKEN", raising=False)
    made = PROGRAMS["mlp"]()
    watching = nnviz.live.watch(made.model, made.optimizers, port=0)
    told = capsys.readouterr().err
    line, token = told.strip(), told.partition("NNVIZ_TOKEN=")[2].split()[0]
    assert line == f"nnviz: this training is opened by: NNVIZ_TOKEN={token} nnviz attach {watching.address}"
    assert len(bytes.fromhex(token)) == 16
    taken = int(str(watching.address).rpartition(":")[2])
    with pytest.raises(InputError, match=rf"cannot listen at 127\.0\.0\.1:{taken} "):
        nnviz.live.watch(PROGRAMS["cnn"]().model, made.optimizers, port=taken)
    watching.close()
    monkeypatch.setenv("NNVIZ_TOKEN", TOKEN)
    nnviz.live.watch(made.model, made.optimizers, port=0).close()
    assert TOKEN not in capsys.readouterr().err
    monkeypatch.setenv("NNVIZ_TOKEN", "short")
    with pytest.raises(InputError, match="has 5 characters; a token has at least 16"):
        nnviz.live.watch(made.model, made.optimizers, port=0)
    assert list((tmp_path / "nnviz").iterdir()) == []


def test_addresses() -> None:
    assert address_in("Net") is None
    assert address_in("a:b") is None
    assert address_in("far.away:7007") == Address("far.away", 7007)
    assert address_in(":7007") == Address("127.0.0.1", 7007)
    assert str(address_in("[::1]:7007")) == "[::1]:7007"
    with pytest.raises(InputError, match="a port is a number from 1 to 65535"):
        address_in("here:70070")
