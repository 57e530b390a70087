"""Administration: overview, accounts, solves, audit trail. Every handler is for administrators with a second factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import reflex as rx
from reflex_base.event import EventSpec

from services.accounts import administration, sessions
from services.accounts.administration import Person
from services.accounts.principals import Role
from services.audit import service as audit
from services.audit.chain import Entry
from services.infra.db import transaction
from services.infra.errors import DomainError, FieldError, Invalid
from services.solutions.jobs import SolveStatus, get_solve_jobs
from state import routes
from state.admin_views import EntryView, JobView, NumberView, PersonView, entry_view, job_view, moment_text, person_view
from state.guard import Policy, policy
from state.session import principal_of

PAGE = 50
RECENT = 8
Status = Literal["loading", "ready", "failed"]


class AdminState(rx.State):
    """The overview.

    Attributes:
        chain: What the last look at the whole audit trail found, in words.
    """

    status: Status = "loading"
    error: str = ""
    numbers: tuple[NumberView, ...] = ()
    recent: tuple[EntryView, ...] = ()
    chain: str = ""
    broken: bool = False

    @rx.event
    @policy(Policy.ADMIN)
    async def load(self) -> None:
        """Read the figures and the newest lines of the trail."""
        try:
            async with transaction() as db:
                counts = await administration.numbers(db)
                running = await get_solve_jobs().everybodys(db, status=SolveStatus.RUNNING, limit=100)
                queued = await get_solve_jobs().everybodys(db, status=SolveStatus.QUEUED, limit=100)
                entries = await audit.newest(db, limit=RECENT)
                names = await administration.names_of(db, _people(entries))
        except DomainError as failure:
            self.error, self.status = failure.message, "failed"
            return
        self.numbers = (
            NumberView("Accounts", str(counts.accounts), routes.ADMIN_USERS),
            NumberView("Premium", str(counts.premium), f"{routes.ADMIN_USERS}?show=premium"),
            NumberView("Administrators", str(counts.administrators), f"{routes.ADMIN_USERS}?show=admin"),
            NumberView("Suspended", str(counts.banned), f"{routes.ADMIN_USERS}?show=banned"),
            NumberView("Guests who played", str(counts.guests)),
            NumberView("Solves running", str(len(running)), routes.ADMIN_JOBS),
            NumberView("Solves waiting", str(len(queued)), routes.ADMIN_JOBS),
        )
        self.recent = tuple(entry_view(one, names) for one in entries)
        self.error, self.status = "", "ready"

    @rx.event
    @policy(Policy.ADMIN)
    async def check_trail(self) -> None:
        """Read the whole trail and compare every hash."""
        try:
            async with transaction() as db:
                found = await audit.verify(db)
        except DomainError as failure:
            self.error = failure.message
            return
        self.error, self.broken = "", bool(found.fault)
        checked = f"{moment_text(found.checked_at)} UTC"
        self.chain = found.fault or f"All {found.entries} entries are as they were written. Checked {checked}."


class AdminUsersState(rx.State):
    """Accounts: found, and one of them at hand.

    Attributes:
        show: Which accounts: all, one role, or the suspended ones.
        chosen: The account at hand; without a key there is none.
        asking: The suspension waits for its reason and the second press.
    """

    status: Status = "loading"
    error: str = ""
    said: str = ""
    search: str = ""
    show: str = "all"
    rows: tuple[PersonView, ...] = ()
    more: bool = False
    chosen: PersonView = PersonView()
    asking: bool = False
    reason_error: str = ""

    @rx.event
    @policy(Policy.ADMIN)
    async def load(self) -> None:
        """Read the first page, of what the address asks for."""
        wanted = self.router.url.query_parameters.get("show", "all")
        self.show = wanted if wanted in ("all", "free", "premium", "admin", "banned") else "all"
        self.search, self.chosen, self.said, self.asking = "", PersonView(), "", False
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def find(self, form: dict[str, str]) -> None:
        """Look for a name, an address or an id."""
        self.search = form.get("search", "")[:254]
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def choose_show(self, show: str) -> None:
        """Show all, one role, or the suspended ones."""
        self.show = show
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def show_more(self) -> None:
        """The next page below the last row."""
        await self._read(before=UUID(self.rows[-1].key) if self.rows else None)

    @rx.event
    @policy(Policy.ADMIN)
    async def choose(self, user_id: str) -> EventSpec | None:
        """Take an account at hand."""
        self.said, self.error, self.asking, self.reason_error = "", "", False, ""
        try:
            async with transaction() as db:
                person = await administration.get(db, _uuid(user_id))
        except DomainError as failure:
            self.error = failure.message
            return None
        self.chosen = person_view(person, (await principal_of(self)).user_id)
        return rx.set_focus("chosen-account")

    @rx.event
    @policy(Policy.ADMIN)
    def leave(self) -> None:
        """Put the account away."""
        self.chosen, self.asking, self.said = PersonView(), False, ""

    @rx.event
    @policy(Policy.ADMIN)
    async def change_role(self, form: dict[str, str]) -> None:
        """Give the account at hand another role; its open sessions have it at once."""
        try:
            role = Role(form.get("role", ""))
        except ValueError:
            self.error = "There is no such role."
            return
        await self._change(lambda db, admin, user_id: administration.change_role(db, admin, user_id, role))
        if not self.error:
            self.said = f"{self.chosen.name} is {self.chosen.role_text} now."

    @rx.event
    @policy(Policy.ADMIN)
    def ask_ban(self) -> None:
        """Ask for the reason first."""
        self.asking, self.said, self.reason_error = True, "", ""

    @rx.event
    @policy(Policy.ADMIN)
    def forget_ban(self) -> None:
        """Not after all."""
        self.asking, self.reason_error = False, ""

    @rx.event
    @policy(Policy.ADMIN)
    async def ban(self, form: dict[str, str]) -> None:
        """Suspend the account at hand: signed out everywhere, and not let in again."""
        reason = form.get("reason", "")
        await self._change(lambda db, admin, user_id: administration.ban(db, admin, user_id, reason))
        if not self.error:
            self.said = f"{self.chosen.name} is suspended and signed out everywhere."

    @rx.event
    @policy(Policy.ADMIN)
    async def unban(self) -> None:
        """Let the account at hand in again."""
        await self._change(administration.unban)
        if not self.error:
            self.said = f"{self.chosen.name} may sign in again."

    async def _change(self, change: administration.Change) -> None:
        self.said, self.error, self.reason_error = "", "", ""
        try:
            admin = await principal_of(self)
            async with transaction() as db:
                person = await change(db, admin, _uuid(self.chosen.key))
                await _show_in_sessions(person)
        except Invalid as failure:
            at_reason = [one.message for one in failure.errors if one.path == "reason"]
            self.reason_error, self.error = (at_reason[0], "") if at_reason else ("", failure.message)
            return
        except DomainError as failure:
            self.error = failure.message
            return
        self.asking, self.chosen = False, person_view(person, admin.user_id)
        self.rows = tuple(self.chosen if row.key == self.chosen.key else row for row in self.rows)

    async def _read(self, before: UUID | None = None) -> None:
        role = Role(self.show) if self.show in ("free", "premium", "admin") else None
        try:
            viewer = (await principal_of(self)).user_id
            async with transaction() as db:
                found = await administration.search(
                    db, self.search, role=role, banned=self.show == "banned", limit=PAGE, before=before
                )
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        rows = tuple(person_view(one, viewer) for one in found)
        self.rows = (*self.rows, *rows) if before is not None else rows
        self.more = len(found) == PAGE
        self.error, self.status = "", "ready"


class AdminJobsState(rx.State):
    """Everybody's solves."""

    status: Status = "loading"
    error: str = ""
    said: str = ""
    show: str = "all"
    rows: tuple[JobView, ...] = ()
    more: bool = False
    active: bool = False
    _shown: int = PAGE

    @rx.event
    @policy(Policy.ADMIN)
    async def load(self) -> None:
        """Read the list; also every few seconds while something runs."""
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def choose_show(self, show: str) -> None:
        """Show all, or one status."""
        self.show, self.said, self._shown = show, "", PAGE
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def show_more(self) -> None:
        """Further ones below the last row."""
        self._shown = min(self._shown + PAGE, 500)
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def cancel(self, job_id: str) -> None:
        """Stop a solve; it goes on where somebody else asked for the same one."""
        try:
            admin = await principal_of(self)
            async with transaction() as db:
                job = await get_solve_jobs().cancel_for(db, _uuid(job_id))
                details = {"job_id": job_id}
                await audit.record(db, "solve_cancelled", actor=admin.user_id, subject=job.owner_id, details=details)
        except DomainError as failure:
            self.error = failure.message
            return
        self.said = f"“{job.name}” is cancelled."
        await self._read()

    async def _read(self) -> None:
        wanted = SolveStatus(self.show) if self.show in set(SolveStatus) else None
        try:
            async with transaction() as db:
                found = await get_solve_jobs().everybodys(db, status=wanted, limit=self._shown)
                names = await administration.names_of(db, [one.owner_id for one in found])
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        self.rows = tuple(job_view(one, names) for one in found)
        self.more = len(found) == self._shown
        self.active = any(row.active for row in self.rows)
        self.error, self.status = "", "ready"


class AdminAuditState(rx.State):
    """The audit trail: newest first, all of it or what concerns one account or one kind."""

    status: Status = "loading"
    error: str = ""
    action: str = ""
    user_id: str = ""
    user_name: str = ""
    rows: tuple[EntryView, ...] = ()
    more: bool = False

    @rx.event
    @policy(Policy.ADMIN)
    async def load(self) -> None:
        """Read the newest lines, about the account that the address names."""
        wanted = self.router.url.query_parameters.get("user", "")
        self.action, self.user_id, self.user_name = "", _id_or_empty(wanted), ""
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def choose_action(self, action: str) -> None:
        """Show one kind of line, or all."""
        self.action = action[:64]
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def follow(self, user_id: str) -> None:
        """Show what one account did and what was done to it; all, without an id."""
        self.user_id = _id_or_empty(user_id)
        await self._read()

    @rx.event
    @policy(Policy.ADMIN)
    async def show_more(self) -> None:
        """Older lines below the last one."""
        await self._read(before=int(self.rows[-1].key) if self.rows else None)

    async def _read(self, before: int | None = None) -> None:
        users = [UUID(self.user_id)] if self.user_id else None
        try:
            async with transaction() as db:
                found = await audit.newest(db, limit=PAGE, before=before, action=self.action or None, users=users)
                names = await administration.names_of(db, [*_people(found), *(users or [])])
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        rows = tuple(entry_view(one, names) for one in found)
        self.rows = (*self.rows, *rows) if before is not None else rows
        self.user_name = (names.get(users[0]) or f"user {self.user_id[-8:]}") if users else ""
        self.more = len(found) == PAGE
        self.error, self.status = "", "ready"


async def _show_in_sessions(person: Person) -> None:
    if person.banned_at is not None:
        await sessions.end_all(person.id)
    else:
        await sessions.update_all(person.id, role=person.role)


def _people(entries: Sequence[Entry]) -> list[UUID]:
    return list({one for entry in entries for one in (entry.actor_id, entry.subject_id) if one is not None})


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("There is no such thing.", errors=[FieldError("id", "This is no id.")]) from None


def _id_or_empty(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
