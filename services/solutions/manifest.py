"""The library: what ships with the product and what grew on this machine, a manifest and artefacts in a folder each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from services.solutions.catalog import SolutionInfo, library_id
from services.solutions.codec import Artefact, ArtefactError
from services.solutions.store import StoredSolution
from solver.cards import card_to_text, parse_cards
from solver.spot import parse_spot

FOLDER = Path(__file__).parent / "library"
FORMAT = 1


def read_manifest(folder: Path = FOLDER) -> dict[str, Any]:
    """The manifest as written by the builder; one without entries when there is none yet."""
    path = folder / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {"format": FORMAT, "entries": []}


def write_manifest(manifest: dict[str, Any], folder: Path = FOLDER) -> None:
    """Replace the manifest in one step."""
    fresh = folder / "manifest.json.new"
    fresh.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    fresh.replace(folder / "manifest.json")


def describe(header: dict[str, Any], solution_id: UUID, source: Literal["library", "solve"]) -> SolutionInfo:
    """The description from an artefact's header or a manifest entry, which have these fields in common."""
    spot = header["spot"]
    board = parse_cards(header["board"])
    oop, ip = header["positions"]
    return SolutionInfo(
        id=solution_id,
        spot_hash=header["spot_hash"],
        name=header["name"],
        family=header["family"],
        pot_type=header["pot_type"],
        street=len(board) - 3,
        board=board,
        pot=spot["pot"],
        effective_stack=spot["effective_stack"],
        big_blind=spot["big_blind"],
        positions=(oop, ip),
        exploitability_pct=header["exploitability"]["served_pct"],
        tree_hash=header["tree_hash"],
        config_hash=header["config_hash"],
        source=source,
        before=_before(header.get("ranges", {}), board),
    )


def _before(ranges: dict[str, Any], board: Sequence[int]) -> tuple[str, ...]:
    """What led to the board: the line that the ranges were carried along, or checks where it was checked down."""
    if ranges.get("how", "").endswith("checked down"):
        return tuple(step for card in board[3:] for step in ("check", "check", f"deal {card_to_text(card)}"))
    return tuple(ranges.get("line", ()))


class Library:
    """The solutions of some folders; a file is read and checked when it is first asked for.

    A manifest that changes under a running server is read again. An entry of an earlier folder goes before one of the
    same name in a later folder.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders or (FOLDER,)
        self._opened: dict[UUID, StoredSolution] = {}
        self._written: list[int] = []
        self._read_manifests()

    def _read_manifests(self) -> None:
        """Read the manifests if one was written since."""
        written = [_written(folder) for folder in self._folders]
        if written == self._written:
            return
        self._written = written
        self._entries: dict[UUID, tuple[Path, dict[str, Any]]] = {}
        for folder in self._folders:
            for entry in read_manifest(folder)["entries"]:
                self._entries.setdefault(library_id(entry["id"]), (folder, entry))
        self._opened.clear()
        self._infos = {key: describe(entry, key, "library") for key, (_, entry) in self._entries.items()}

    def _read(self, solution_id: UUID) -> bytes | None:
        """The artefact, or None when it is not the one the manifest names."""
        folder, entry = self._entries[solution_id]
        path = folder / entry["file"]
        data = path.read_bytes() if path.exists() else b""
        return data if hashlib.sha256(data).hexdigest() == entry["sha256"] else None

    def infos(self) -> list[SolutionInfo]:
        """All descriptions, what ships first and in declared order."""
        self._read_manifests()
        return list(self._infos.values())

    def get(self, solution_id: UUID) -> StoredSolution | None:
        """A solution, or None when the library has none with this id.

        Raises:
            ArtefactError: The file is not the one the manifest names.
        """
        self._read_manifests()
        if solution_id in self._opened:
            return self._opened[solution_id]
        if solution_id not in self._entries:
            return None
        data = self._read(solution_id)
        if data is None:
            raise ArtefactError("a file of the library is not the one its manifest names: build the library again")
        info = self._infos[solution_id]
        artefact = Artefact(data, info.name)
        solution = StoredSolution(info, parse_spot(artefact.header["spot"]), artefact)
        self._opened[solution_id] = solution
        return solution


def verify(folder: Path = FOLDER) -> list[str]:
    """What is wrong with the shipped files; empty when nothing is."""
    problems: list[str] = []
    entries = read_manifest(folder)["entries"]
    for entry in entries:
        path = folder / entry["file"]
        if not path.exists():
            problems.append(f"{entry['file']}: missing")
            continue
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"] or len(data) != entry["bytes"]:
            problems.append(f"{entry['file']}: not the file that the manifest names")
            continue
        try:
            header = Artefact(data, entry["file"]).header
        except ArtefactError as error:
            problems.append(error.message)
            continue
        problems += [
            f"{entry['file']}: {key} differs from the manifest"
            for key in ("name", "spot_hash", "tree_hash", "config_hash", "exploitability")
            if header[key] != entry[key]
        ]
    unnamed = {path.name for path in folder.glob("*.mxl")} - {entry["file"] for entry in entries}
    return problems + [f"{name}: no entry of the manifest names it" for name in sorted(unnamed)]


def _written(folder: Path) -> int:
    """When a folder's manifest was last written; 0 without one."""
    try:
        return (folder / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0
