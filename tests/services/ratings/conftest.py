"""Players and their graded ranked decisions, as training records them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid5

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.models import User
from services.infra.clock import new_id, now
from services.infra.events import append
from services.ratings import projector as _projector  # noqa: F401 registers the read model
from services.ratings.periods import period_of
from services.training.events import DecisionGraded

Answer = Callable[..., Awaitable[None]]
NewPlayer = Callable[[str], Awaitable[UUID]]

_ITEMS = UUID(int=7)


def item(number: int) -> UUID:
    """The id of an item of a set."""
    return uuid5(_ITEMS, str(number))


def graded(
    loss_pct: float, *, number: int = 0, mode: str = "ranked", set_id: str | None = None, word: str = "correct"
) -> DecisionGraded:
    """A graded decision; only the fields that a board reads differ."""
    ranked = mode in ("ranked", "daily")
    kind = "daily" if mode == "daily" else "weekly"
    return DecisionGraded(
        decision_id=new_id(), session_id=new_id(), hand_id=new_id(), mode=mode, solution_id=new_id(),
        family="BTN vs BB", pot_type="SRP", street=0, line=(), board=(0, 5, 10), hero=0, hero_combo=1325,
        pot=55, big_blind=10,
        action="check", best_action="check", grade=word, borderline=False, loss=loss_pct * 0.55,
        loss_bb=loss_pct * 0.055,
        loss_pct=loss_pct, difficulty=1.0, difficulty_bb=0.1, difficulty_pct=2.0, tolerance_pct=0.1,
        tolerance_fitted=False, solved_to_pct=0.2, in_range=True, die=50, die_pick="check", rows=(),
        reasons=("", "", ""), tree_hash="t", config_hash="c", grid="",
        item_id=item(number) if ranked else None, set_id=(set_id or period_of(kind, now()).name) if ranked else None,
    )  # fmt: skip


async def add_player(db: AsyncSession, name: str) -> UUID:
    """An account."""
    user_id = new_id()
    db.add(
        User(
            id=user_id, role="free", name=name, name_key=name.lower(), email=f"{user_id.hex}@example.org",
            password_hash="-", created_at=now(), updated_at=now(),
        )
    )  # fmt: skip
    await db.flush()
    return user_id


async def record(db: AsyncSession, user_id: UUID, *decisions: DecisionGraded) -> None:
    """Append decisions as one stream."""
    await append(db, new_id(), "hand", 0, decisions, user_id)


@pytest.fixture
def minimum(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many decisions a rank needs."""
    from services.infra.settings import get_settings

    def set_minimum(decisions: int) -> None:
        monkeypatch.setenv("MIXLINE_BOARD_MINIMUM", str(decisions))
        get_settings.cache_clear()

    yield set_minimum
    monkeypatch.undo()
    get_settings.cache_clear()
