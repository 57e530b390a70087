"""The file format of a solved spot: small, random access, and refused when one bit is wrong.

An artefact is ``MAGIC``, the length of the header, the header (JSON, zstd), the blocks (zstd each) and the SHA-256 of
everything before it. A block holds all decision nodes of one street of one line, so a node costs one small
decompression. Per node it keeps what grading needs and nothing that the spot already says:

- the acting player's average strategy, 8 bits a probability that sum to 255 (the last action is left out);
- max Q* per hand, 16 bits of the node's largest;
- the loss L = max Q* - Q* per action and hand, 8 bits: steps of 0.02% of the pot up to 2%, then steps that grow by a
  constant factor up to the node's largest loss, so that a loss near a grade's cut-off is exact to 0.01% of the pot and
  a disaster to 1-3% of itself.

Planes are ``[action][hand]``; which combos the hands are follows from the spot and the board.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from services.infra.errors import DomainError

MAGIC = b"MIXLINE1"
PURIFY_BELOW = 0.01
"""Frequencies under this are noise of the solver: they become zero (PRODUCT.md, "How sure we are")."""

_DIGEST = hashlib.sha256().digest_size
_NODE = struct.Struct(
    "<HBBHiffff"
)  # line bytes, player and flags, actions, hands, pot, exploitability, floor and span of max Q*, largest loss
_LINEAR_STEPS = 100
_LINEAR_END = 2.0  # % of the pot
_GROWING_STEPS = 255 - _LINEAR_STEPS
_MAX_BLOCK = 64 << 20


class ArtefactError(DomainError):
    """A stored solution is not what was written; it must not be served."""

    status = 500
    default_code = "corrupt-solution"


@dataclass(frozen=True, slots=True)
class StoredNode:
    """One decision node as stored.

    Attributes:
        line: Actions since the street began (since the root on the first street).
        player: Who decides, 0 out of position, 1 in position.
        pot: Chips at the decision, the bet faced included.
        exploitability_pct: Of the subgame at this node, % of ``pot``; NaN when it was not computed.
        strategy: [action, hand], sums to 1 over actions.
        q: [action, hand] chips, Q*; NaN where the opponent never gets here.
    """

    line: tuple[str, ...]
    player: int
    pot: int
    exploitability_pct: float
    strategy: NDArray[np.float32]
    q: NDArray[np.float64]


def purify(strategy: NDArray[np.floating[Any]], below: float = PURIFY_BELOW) -> NDArray[np.float32]:
    """Frequencies under ``below`` removed, the rest scaled to sum to 1; ``[action, hand]``."""
    kept = np.where(strategy < below, 0.0, strategy)
    return (kept / kept.sum(axis=0)).astype(np.float32)


def quantise_strategy(strategy: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """[action, hand] counts that sum to 255 per hand: largest remainders, ties to the earlier action."""
    scaled = strategy.astype(np.float64) * 255.0
    counts = np.floor(scaled + 1e-9)
    missing = 255 - counts.sum(axis=0)
    order = np.argsort(np.argsort(counts - scaled, axis=0, kind="stable"), axis=0, kind="stable")
    return (counts + (order < missing)).astype(np.uint8)


def served_strategy(strategy: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The strategy as a reader of the artefact will see it: purified, then rounded to 8 bits."""
    return (quantise_strategy(purify(strategy)) / np.float64(255)).astype(np.float32)


def _loss_steps(largest: float) -> NDArray[np.float64]:
    """[256] losses in % of the pot that the codes stand for."""
    linear = np.linspace(0.0, _LINEAR_END, _LINEAR_STEPS + 1)
    growth = (max(largest, 2 * _LINEAR_END) / _LINEAR_END) ** (np.arange(1, _GROWING_STEPS + 1) / _GROWING_STEPS)
    return np.concatenate([linear, _LINEAR_END * growth])


def _encode_node(node: StoredNode) -> bytes:
    actions, hands = node.strategy.shape
    known = not np.isnan(node.q).any()
    q = node.q if known else np.zeros_like(node.q)
    best = q.max(axis=0) if hands else np.zeros(0)
    floor = float(best.min(initial=0.0))
    span = max(float(best.max(initial=0.0)) - floor, 1e-9)
    loss_pct = 100.0 * (best - q) / max(node.pot, 1)
    largest = float(loss_pct.max(initial=0.0))
    steps = _loss_steps(largest)
    codes = np.searchsorted((steps[1:] + steps[:-1]) / 2, loss_pct).astype(np.uint8)
    line = "/".join(node.line).encode()
    header = _NODE.pack(
        len(line),
        node.player | (0 if known else 2),
        actions,
        hands,
        node.pot,
        node.exploitability_pct,
        floor,
        span,
        largest,
    )
    levels = np.rint((best - floor) / span * 65535).astype("<u2")
    strategy = quantise_strategy(node.strategy)[:-1]
    # Low and high bytes apart compress better than interleaved.
    return b"".join(
        (
            header,
            line,
            strategy.tobytes(),
            codes.tobytes(),
            (levels & 255).astype(np.uint8).tobytes(),
            (levels >> 8).astype(np.uint8).tobytes(),
        )
    )


def _decode_node(raw: bytes, start: int) -> tuple[StoredNode, int]:
    line_bytes, flags, actions, hands, pot, exploitability, floor, span, largest = _NODE.unpack_from(raw, start)
    at = start + _NODE.size
    text = raw[at : at + line_bytes].decode()
    at += line_bytes

    def plane(rows: int) -> NDArray[np.uint8]:
        nonlocal at
        values = np.frombuffer(raw, np.uint8, rows * hands, at).reshape(rows, hands)
        at += rows * hands
        return values

    first = plane(actions - 1)
    strategy = np.empty((actions, hands), np.float32)
    strategy[:-1] = first
    strategy[-1] = 255 - first.sum(axis=0, dtype=np.int64)
    strategy /= 255
    codes = plane(actions)
    low, high = plane(1)[0], plane(1)[0]
    best = floor + (low.astype(np.float64) + 256.0 * high) * (span / 65535)
    q = best - _loss_steps(largest)[codes] * (pot / 100.0)
    if flags & 2:
        q = np.full_like(q, np.nan)
    line = tuple(text.split("/")) if text else ()
    return StoredNode(line, flags & 1, pot, exploitability, strategy, q), at


def encode_block(nodes: Iterable[StoredNode], level: int = 19) -> bytes:
    """Nodes of one street of one line, compressed."""
    return zstandard.ZstdCompressor(level=level).compress(b"".join(map(_encode_node, nodes)))


def decode_block(block: bytes) -> dict[tuple[str, ...], StoredNode]:
    """Nodes by their line since the street began, in the order written."""
    raw = zstandard.ZstdDecompressor().decompress(block, max_output_size=_MAX_BLOCK)
    nodes: dict[tuple[str, ...], StoredNode] = {}
    at = 0
    while at < len(raw):
        node, at = _decode_node(raw, at)
        nodes[node.line] = node
    return nodes


def write_artefact(header: Mapping[str, Any], blocks: Mapping[str, bytes]) -> bytes:
    """The whole file; ``blocks`` maps the line at which a street begins (``/`` between actions) to its block.

    The same input gives the same bytes.
    """
    index: list[tuple[str, int, int]] = []
    offset = 0
    for key, block in blocks.items():
        index.append((key, offset, len(block)))
        offset += len(block)
    text = json.dumps({**header, "blocks": index}, sort_keys=True, separators=(",", ":")).encode()
    packed = zstandard.ZstdCompressor(level=19).compress(text)
    body = b"".join((MAGIC, struct.pack("<I", len(packed)), packed, *blocks.values()))
    return body + hashlib.sha256(body).digest()


class Artefact:
    """A verified artefact in memory; blocks are decoded on request.

    Raises:
        ArtefactError: Not an artefact, another version, or a checksum that does not fit.
    """

    def __init__(self, data: bytes, name: str = "solution") -> None:
        prefix = len(MAGIC) + 4
        if not data.startswith(MAGIC[:-1]):
            raise ArtefactError(f"{name}: not a stored solution")
        if data[: len(MAGIC)] != MAGIC:
            raise ArtefactError(f"{name}: written by another version; build it again")
        if len(data) < prefix + _DIGEST or hashlib.sha256(memoryview(data)[:-_DIGEST]).digest() != data[-_DIGEST:]:
            raise ArtefactError(f"{name}: the checksum does not fit; the file is damaged")
        (length,) = struct.unpack_from("<I", data, len(MAGIC))
        self.header: dict[str, Any] = json.loads(
            zstandard.ZstdDecompressor().decompress(data[prefix : prefix + length])
        )
        self._data = data
        self._start = prefix + length
        self._index: dict[str, tuple[int, int]] = {
            key: (offset, size) for key, offset, size in self.header.pop("blocks")
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return self._data[-_DIGEST:].hex()

    @property
    def keys(self) -> list[str]:
        """Lines at which a stored street begins, in the order written."""
        return list(self._index)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def block(self, key: str) -> dict[tuple[str, ...], StoredNode]:
        """All nodes of the street that begins at ``key``.

        Raises:
            KeyError: That street is not stored.
        """
        offset, size = self._index[key]
        at = self._start + offset
        return decode_block(self._data[at : at + size])
