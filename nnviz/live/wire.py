"""What a watched training and a screen say to each other: messages in MessagePack, each after its length.

The screen asks, and each question is answered by one message. Nothing that comes is ever unpickled; what is not as is
told here is refused.
"""

import socket
import struct
from typing import Any, TypeAlias

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.frame.blame_view import BlameView
from nnviz.frame.blame_view import Measure as BlameMeasure
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame, FrameUpdate, Parts
from nnviz.frame.layer_measures import Measure
from nnviz.frame.verification_view import VerificationView
from nnviz.frame.watched_health import WatchedHealth

VERSION = 2
_LENGTH = struct.Struct("<I")
LARGEST = 1 << 26
"""No message has more bytes."""
KINDS = "biuf"
"""Of numbers, by NumPy's letters."""


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """What a training says of itself to whoever comes.

    version  of these messages; `busy` is whether a screen is there already
    unheard  why no training step is heard of, where that is known
    """

    version: int
    name: str
    model: str
    parameters: int
    steps: int
    pid: int
    busy: bool
    unheard: str | None = None


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Just what there is to see; while training runs, those parts of it."""

    parts: Parts | None = None


class Refocus(msgspec.Struct, frozen=True, tag="focus"):
    """Look at something else from now on."""

    focus: Focus
    parts: Parts | None = None


class GoOn(msgspec.Struct, frozen=True, tag="go on"):
    """Let training go on as far as a goal: "stage", "loss", "backward", "update" or "step"; without an end for None."""

    goal: str | None


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Stop when a training step is over."""


class SetRate(msgspec.Struct, frozen=True, tag="rate"):
    """Have the first parameter group train at that learning rate, and the others as many times faster or slower."""

    rate: float


class Follow(msgspec.Struct, frozen=True, tag="follow"):
    """Have the curve of a measure of a layer in the frames from now on."""

    layer: int
    measure: Measure


class AskBlame(msgspec.Struct, frozen=True, tag="blame"):
    """Which weights are to blame: of the focused block or everywhere, for the focused example or the batch."""

    focus: Focus
    measure: BlameMeasure
    of_example: bool
    everywhere: bool


class Verify(msgspec.Struct, frozen=True, tag="verify"):
    """Begin to compare gradients with what the loss does when a weight changes; `chosen` of a block's first.

    They are some of its weights: from … to before …, axis by axis. None for none.
    """

    block: int
    chosen: tuple[tuple[int, int], ...] | None


class GoOnVerifying(msgspec.Struct, frozen=True, tag="go on verifying"):
    """Compare some more of them."""


class AskHealth(msgspec.Struct, frozen=True, tag="health"):
    """What the layers do, and what the rules of health go by."""


class Bye(msgspec.Struct, frozen=True, tag="bye"):
    """The screen leaves."""


Question = Look | Refocus | GoOn | Pause | SetRate | AskBlame | Verify | GoOnVerifying | Follow | AskHealth | Bye

PartOfFrame: Any = msgspec.defstruct(
    "PartOfFrame",
    [(field.name, field.type | msgspec.UnsetType, msgspec.UNSET) for field in msgspec.structs.fields(Frame)],
    module=__name__,
)
"""A frame of which some fields are there."""


View: TypeAlias = Frame | FrameUpdate | WatchedHealth | BlameView | VerificationView


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of these is there: a whole frame, a part of one, or what a page shows."""

    frame: Frame | None = None
    part: PartOfFrame | None = None
    health: WatchedHealth | None = None
    blame: BlameView | None = None
    verification: VerificationView | None = None

    @classmethod
    def of(cls, view: View) -> "Answer":
        """The answer that brings that."""
        match view:
            case Frame():
                return cls(frame=view)
            case FrameUpdate(fields):
                return cls(part=PartOfFrame(**fields))
            case WatchedHealth():
                return cls(health=view)
            case BlameView():
                return cls(blame=view)
            case VerificationView():
                return cls(verification=view)

    def view(self) -> View:
        """What it brings. Raises InputError if that is nothing."""
        if self.part is not None:
            names = [field.name for field in msgspec.structs.fields(PartOfFrame)]
            found = {name: getattr(self.part, name) for name in names}
            return FrameUpdate({name: value for name, value in found.items() if value is not msgspec.UNSET})
        for brought in (self.frame, self.health, self.blame, self.verification):
            if brought is not None:
                return brought
        raise InputError("the watched training has answered with nothing; its nnviz may be of another version")


def _told(thing: Any) -> Any:
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, np.ascontiguousarray(thing).tobytes()
    if isinstance(thing, np.generic):
        return thing.item()
    raise NotImplementedError(f"{type(thing).__name__} cannot be sent")


def _heard(wanted: Any, told: Any) -> Any:
    """An array, from its type, its shape and its bytes. Raises ValueError if they make none."""
    kind, shape, numbers = told
    dtype = np.dtype(kind)
    if dtype.kind not in KINDS:
        raise ValueError(f"{wanted}: these are not numbers ({kind})")
    array: Array = np.frombuffer(numbers, dtype).reshape(shape)
    return array


_encoder = msgspec.msgpack.Encoder(enc_hook=_told)
_decoders: dict[Any, Any] = {}


def _decoder(wanted: Any) -> Any:
    if wanted not in _decoders:
        _decoders[wanted] = msgspec.msgpack.Decoder(wanted, dec_hook=_heard)
    return _decoders[wanted]


def encoded(message: Any) -> bytes:
    """A message as it goes over the wire, after its length."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def send(connection: socket.socket, message: Any) -> None:
    """Raises OSError."""
    connection.sendall(encoded(message))


def receive(connection: socket.socket, wanted: Any) -> Any:
    """The next message. Raises EOFError when there is none any more, OSError, and InputError if it makes no sense."""
    (length,) = _LENGTH.unpack(_whole(connection, _LENGTH.size))
    if length > LARGEST:
        raise InputError("what came is no message of a watched training: it says that it is too long")
    try:
        return _decoder(wanted).decode(_whole(connection, length))
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise InputError(f"a message could not be understood ({error}); its nnviz may be of another version") from None


def _whole(connection: socket.socket, length: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        piece = connection.recv(min(length - len(pieces), 1 << 20))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)
