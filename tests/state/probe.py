"""States to shoot at; imported inside a registration context of their own, so that no other test sees them."""

from __future__ import annotations

from enum import StrEnum

import reflex as rx

from state.guard import Policy, policy
from state.session import principal_of


class Colour(StrEnum):
    """For an argument of few values."""

    RED = "red"
    BLUE = "blue"


class Notebook(rx.State):
    """Writes down what was called."""

    called: list[str] = []  # noqa: RUF012 Reflex copies it
    who: str = ""
    _private: str = ""

    @rx.event
    @policy(Policy.PUBLIC)
    def public(self) -> None:
        self.called.append("public")

    @rx.event
    @policy(Policy.PLAYER)
    async def player(self) -> None:
        self.called.append("player")
        self.who = str((await principal_of(self)).user_id)

    @rx.event
    @policy(Policy.MEMBER)
    def member(self) -> None:
        self.called.append("member")

    @rx.event
    @policy(Policy.PREMIUM)
    def premium(self) -> None:
        self.called.append("premium")

    @rx.event
    @policy(Policy.ADMIN)
    def admin(self) -> None:
        self.called.append("admin")

    @rx.event
    def unguarded(self) -> None:
        self.called.append("unguarded")

    def undecorated(self) -> None:
        self.called.append("undecorated")

    @rx.event
    @policy(Policy.PUBLIC)
    def typed(
        self, count: int, ratio: float = 0.5, colour: Colour | None = None, tags: list[str] | None = None
    ) -> None:
        assert isinstance(count, int)
        assert not isinstance(count, bool)
        self.called.append(f"typed {count} {ratio} {colour} {tags}")

    @rx.event
    @policy(Policy.PUBLIC)
    def submit(self, form: dict[str, str]) -> None:
        self.called.append(f"submit {sorted(form)}")

    @rx.event
    @policy(Policy.PUBLIC)
    def untyped(self, value) -> None:
        self.called.append("untyped")

    @rx.event
    @policy(Policy.PLAYER)
    def break_down(self) -> None:
        message = "s3cret"
        raise RuntimeError(message)

    @rx.event
    @policy(Policy.PUBLIC)
    def chain(self) -> list[rx.event.EventSpec]:
        """A public handler that calls a guarded one."""
        return [Notebook.admin()]


class Drawer(rx.State):
    """A second branch of the tree: with states in Redis it is not loaded for an event of `Notebook`."""

    letter: str = ""
    _seal: str = ""

    @rx.event
    @policy(Policy.PLAYER)
    def put(self, letter: str) -> None:
        self.letter, self._seal = letter, letter

    @rx.event
    @policy(Policy.PUBLIC)
    def look(self) -> None:
        self.letter = self.letter + ""
