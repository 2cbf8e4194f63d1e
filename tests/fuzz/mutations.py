"""What chance does to a valid source: bytes flipped, cut, spliced, repeated, lengths that lie, words that trap."""

import os
import re
import struct
import zlib
from pathlib import Path
from random import Random

from tests.fuzz.seeds import Files, packed, parts_of

TOKENS = (
    *(b"nan", b"inf", b"-inf", b"1e999", b"-1e38", b"1e-320", b"1_000", b"0x1F", b"", b"?", b'"', b'""', b"'", b"\x00"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b",", b";", b"\t", b"\r", b"\n\n", b"9" * 400, b"a" * 3000, "٣".encode(), b"=1+1"),
    *("é".encode("latin-1"), "e\u0301".encode(), "\u202e".encode(), b"\x1b[2J", b"None", b"True"),
)
LENGTHS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
NAMES = (
    *(b"cat", b"train", b"Val", b"valid", b"test", b"d\xffg", "が".encode(), "か\u3099".encode(), b"a\nb", b".x", b"-"),
    *(b"README", b"Thumbs.db", b"a" * 200),
)
MOST = 1 << 20
"""Bytes of a mutated file: what is repeated must not grow without end."""


def mutated(files: Files, others: list[bytes], chance: Random) -> Files:
    """The source with one of its files changed, and now and then two, or one of them gone."""
    changed = dict(files)
    for path in chance.choices(sorted(files), k=1 + (chance.random() < 0.2)):
        if len(files) > 1 and chance.random() < 0.03:
            changed.pop(path, None)
        else:
            changed[path] = _file(path, files[path], others, chance)
    return changed


def _file(path: str, content: bytes, others: list[bytes], chance: Random) -> bytes:
    parts = parts_of(path, content) if chance.random() < 0.6 else None
    if parts is not None:
        # What is packed has to be changed before it is packed, or the checksum alone is tested.
        name = chance.choice(sorted(parts))
        return packed(path, {**parts, name: _bytes(parts[name], others, chance)})
    content = _bytes(content, others, chance)
    return _with_checksums(content) if path.endswith(".png") and chance.random() < 0.7 else content


def _bytes(content: bytes, others: list[bytes], chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        chance.choice(CHANGES)(changed, others, chance)
    return bytes(changed[:MOST])


def _place(content: bytearray, chance: Random) -> int:
    """Anywhere, and often near the start, where headers are."""
    length = len(content)
    return chance.randrange(min(length, 64) if chance.random() < 0.5 else length) if length else 0


def _flip(content: bytearray, _: list[bytes], chance: Random) -> None:
    if content:
        content[_place(content, chance)] ^= 1 << chance.randrange(8)


def _overwrite(content: bytearray, _: list[bytes], chance: Random) -> None:
    place = _place(content, chance)
    content[place : place + 4] = chance.randbytes(chance.randrange(1, 5))


def _cut(content: bytearray, _: list[bytes], chance: Random) -> None:
    del content[_place(content, chance) :]


def _remove(content: bytearray, _: list[bytes], chance: Random) -> None:
    place = _place(content, chance)
    del content[place : place + chance.choice((1, 2, 4, 100))]


def _repeat(content: bytearray, _: list[bytes], chance: Random) -> None:
    place = _place(content, chance)
    block = content[place : place + chance.choice((1, 4, 30, 300))]
    content[place:place] = block * chance.choice((1, 2, 10, 500))


def _splice(content: bytearray, others: list[bytes], chance: Random) -> None:
    other = chance.choice(others)
    content[_place(content, chance) :] = other[chance.randrange(len(other)) :]


def _length(content: bytearray, _: list[bytes], chance: Random) -> None:
    place = _place(content, chance)
    form = chance.choice(("B", ">H", "<H", ">I", "<I"))
    largest = (1 << 8 * struct.calcsize(form)) - 1
    content[place : place + struct.calcsize(form)] = struct.pack(form, chance.choice(LENGTHS) & largest)


def _digits(content: bytearray, _: list[bytes], chance: Random) -> None:
    """A number that is written out, such as those in a header of NumPy's, or in a table."""
    numbers = list(re.finditer(rb"\d+", content))
    if numbers:
        start, end = chance.choice(numbers).span()
        content[start:end] = str(chance.choice(LENGTHS)).encode()


def _token(content: bytearray, _: list[bytes], chance: Random) -> None:
    """A word that traps, instead of a cell or between two."""
    cells = list(re.finditer(rb"[^,;\t\r\n]+", content[:MOST]))
    if cells and chance.random() < 0.7:
        start, end = chance.choice(cells).span()
    else:
        start = end = _place(content, chance)
    content[start:end] = chance.choice(TOKENS)


CHANGES = (_flip, _overwrite, _cut, _remove, _repeat, _splice, _length, _digits, _token)


def _with_checksums(content: bytes) -> bytes:
    """A PNG whose chunks have the right checksums again, as far as they can be found."""
    changed, place = bytearray(content), 8
    while place + 12 <= len(changed):
        (length,) = struct.unpack_from(">I", changed, place)
        end = place + 8 + length
        if end + 4 > len(changed):
            break
        struct.pack_into(">I", changed, end, zlib.crc32(changed[place + 4 : end]))
        place = end + 4
    return bytes(changed)


def plant(root: Path, others: list[bytes], chance: Random) -> None:
    """A folder with folders, files, links, pipes and odd names by chance."""
    folders = [os.fsencode(root)]
    os.mkdir(root)
    for _ in range(chance.randrange(2, 25)):
        inside = chance.choice(folders)
        name = chance.choice(NAMES) + (str(chance.randrange(4)).encode() if chance.random() < 0.5 else b"")
        path = os.path.join(inside, name)
        if os.path.lexists(path):
            continue
        match chance.choice(("folder", "folder", "file", "file", "link", "pipe", "shut")):
            case "folder":
                os.mkdir(path)
                folders.append(path)
            case "file":
                _write(path + chance.choice((b".png", b".txt", b"")), chance.choice(others))
            case "link":
                os.symlink(chance.choice((*folders, b".", b"..", b"nowhere", path)), path)
            case "pipe":
                os.mkfifo(path)
            case "shut":
                _write(path, b"")
                os.chmod(path, 0)


def _write(path: bytes, content: bytes) -> None:
    if not os.path.lexists(path):
        with open(path, "wb") as file:
            file.write(content)
