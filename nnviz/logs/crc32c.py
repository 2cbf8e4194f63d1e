"""CRC-32C (Castagnoli), of many rows of bytes of one length at a time, and masked as TensorFlow's records have it.

Sources: RFC 3720, appendix B.4; tensorflow/core/lib/hash/crc32c.h (mask). zlib has another polynomial, and no package
that we need brings this one.
"""

from functools import lru_cache

import numpy as np

from nnviz.array import Array

POLYNOMIAL = 0x82F63B78
MASK = 0xA282EAD8
BLOCK = 1024
"""Bytes that are taken at once."""


def masked(rows: Array) -> Array:
    """Rows of bytes (n, length) → the masked CRC of each, uint32 (n,)."""
    crc = crcs(rows)
    return ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(MASK)


def crcs(rows: Array) -> Array:
    """Rows of bytes (n, length) → the CRC of each, uint32 (n,)."""
    register = np.full(len(rows), 0xFFFF_FFFF, np.uint32)
    for start in range(0, rows.shape[1], BLOCK):
        register = _advanced(register, rows[:, start : start + BLOCK])
    return ~register


def _advanced(register: Array, block: Array) -> Array:
    """The registers after a block: the exclusive or of what each byte, with all behind it zero, makes of them."""
    length = block.shape[1]
    places = np.arange(length - 1, -1, -1) * 256
    places = places + block
    # The register acts as if it stood in the first four bytes.
    own = register.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :length]
    places[:, : own.shape[1]] ^= own
    advanced: Array = np.bitwise_xor.reduce(_effects().take(places), axis=1)
    return advanced if length >= 4 else advanced ^ (register >> np.uint32(8 * length))


@lru_cache(maxsize=1)
def _effects() -> Array:
    """What each byte makes of an empty register that has 0, 1, 2, … zeros behind it: uint32 (BLOCK × 256,)."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, (first >> 1) ^ np.uint32(POLYNOMIAL), first >> 1)
    effects = [first]
    while len(effects) < BLOCK:
        effects.append(first[effects[-1] & 0xFF] ^ (effects[-1] >> np.uint32(8)))
    return np.concatenate(effects)
