"""Families of decisions in words, for cards, themes and filters."""

from __future__ import annotations

from typing import Final

from services.training.families import parse_family, parse_node

STREETS: Final = ("Flop", "Turn", "River")
SITUATIONS: Final = {
    "first": "first to act",
    "checked-to": "checked to you",
    "facing-bet": "facing a bet",
    "facing-raise": "facing a raise",
}
TEXTURES: Final = {
    "paired": "paired flop",
    "monotone": "monotone flop",
    "connected": "connected flop",
    "high": "high flop",
    "low": "low flop",
}
HANDS: Final = {
    "strong": "two pair or better",
    "top-pair": "top pair or overpair",
    "pair": "weaker pair",
    "draw": "draw",
    "air": "nothing yet",
}


def node_words(node: str) -> str:
    """A node type: ``Turn, facing a bet``."""
    parsed = parse_node(node)
    return node if parsed is None else f"{STREETS[parsed[0]]}, {SITUATIONS[parsed[1]]}"


def family_words(slug: str) -> tuple[str, str]:
    """A family's node type, and its flop and hand."""
    family = parse_family(slug)
    if family is None:
        return slug, ""
    return node_words(family.node), f"{TEXTURES[family.texture]}, {HANDS[family.hand]}"
