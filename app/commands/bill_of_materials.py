"""What the lock files install, read from the locks themselves, and as a CycloneDX document."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNTIME_LOCK = "requirements.lock"
FRONT_END_LOCK = "reflex.lock/bun.lock"
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(?:;\s*([^\\]*?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package.

    Attributes:
        ecosystem: ``pypi`` or ``npm``.
        hashes: SHA-256 in hex of its archives, or one SHA-512 in base64 for npm.
        marker: The environments it is installed in; empty for all.
    """

    ecosystem: str
    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:{self.ecosystem}/{self.name.replace('@', '%40')}@{self.version}"


def python_packages(root: Path) -> list[Package]:
    """Every package of the runtime lock."""
    packages: list[Package] = []
    name, version, marker = "", "", ""
    hashes: list[str] = []

    def close() -> None:
        if name:
            packages.append(Package("pypi", name.lower().replace("_", "-"), version, tuple(hashes), marker))

    for line in (root / RUNTIME_LOCK).read_text().splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            pinned = _PINNED.match(line)
            if pinned is None:
                raise ValueError(f"{RUNTIME_LOCK}: not a pinned package: {line}")
            close()
            name, version, marker = pinned[1], pinned[2], pinned[3] or ""
            hashes = []
        hashes += _HASH.findall(line)
    close()
    return packages


def front_end_packages(root: Path) -> list[Package]:
    """Every package of the front end's lock, which is JSON with trailing commas."""
    text = re.sub(r",(\s*[}\]])", r"\1", (root / FRONT_END_LOCK).read_text())
    packages: dict[tuple[str, str], Package] = {}
    for entry in json.loads(text)["packages"].values():
        name, _, version = entry[0].rpartition("@")
        digest = next((part for part in entry if isinstance(part, str) and part.startswith("sha512-")), "")
        packages[name, version] = Package("npm", name, version, (digest.removeprefix("sha512-"),) if digest else ())
    return list(packages.values())


def locked(root: Path) -> list[Package]:
    """Everything that is installed."""
    return python_packages(root) + front_end_packages(root)


def as_json(root: Path) -> str:
    """The bill of materials as CycloneDX 1.6 JSON, checked against its schema's model."""
    import base64  # noqa: PLC0415 only this command needs these

    from cyclonedx import model  # noqa: PLC0415 as above
    from cyclonedx.model import HashAlgorithm  # noqa: PLC0415 as above
    from cyclonedx.model import bom as boms  # noqa: PLC0415 as above
    from cyclonedx.model import component as parts  # noqa: PLC0415 as above
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415 as above
    from packageurl import PackageURL  # noqa: PLC0415 as above

    # Their decorator hides from a checker what these classes take.
    Bom: Any = boms.Bom
    Component: Any = parts.Component
    HashType: Any = model.HashType
    Property: Any = model.Property
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    bom = Bom()
    bom.metadata.component = Component(
        name=project["name"], version=project["version"], type=parts.ComponentType.APPLICATION, bom_ref="mixline"
    )
    components: list[Any] = []
    for package in locked(root):
        if package.ecosystem == "npm":
            digests = [HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(d).hex()) for d in package.hashes]
        else:
            digests = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in package.hashes]
        components.append(
            Component(
                name=package.name,
                version=package.version,
                type=parts.ComponentType.LIBRARY,
                purl=PackageURL.from_string(package.purl),
                bom_ref=package.purl,
                hashes=digests,
                properties=[Property(name="mixline:marker", value=package.marker)] if package.marker else [],
            )
        )
    bom.components.update(components)
    bom.register_dependency(bom.metadata.component, components)
    return JsonV1Dot6(bom).output_as_string(indent=2)
