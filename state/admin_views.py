"""Administration in words: accounts, solves and lines of the audit trail as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.accounts.administration import Person
from services.audit.chain import Entry
from services.solutions.jobs import SolveJob, SolveStatus

MIB = 1024 * 1024
OPERATOR = "Mixline"
ROLES = {"free": "Free", "premium": "Premium", "admin": "Administrator"}
STATUSES = {
    "queued": "Waiting",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
ACTIONS = {
    "account_registered": "Account created",
    "account_erased": "Account erased",
    "account_exported": "Data exported",
    "api_token_created": "Personal token created",
    "api_token_revoked": "Personal token revoked",
    "banned": "Account suspended",
    "deletion_requested": "Deletion asked for",
    "deletion_undone": "Deletion taken back",
    "email_changed": "E-mail address changed",
    "email_verified": "E-mail address confirmed",
    "guest_merged": "A guest's hands taken over",
    "identity_linked": "Sign-in by another site added",
    "identity_unlinked": "Sign-in by another site removed",
    "name_changed": "Name changed",
    "password_changed": "Password changed",
    "password_reset": "Password reset",
    "permission_denied": "Refused: not allowed",
    "recovery_code_used": "Recovery code used",
    "recovery_codes_replaced": "New recovery codes",
    "refresh_reused": "Copied session ended",
    "role_changed": "Role changed",
    "second_factor_denied": "Wrong second factor",
    "second_factor_disabled": "Second factor turned off",
    "second_factor_enabled": "Second factor turned on",
    "session_ended": "Other sessions ended",
    "sign_in_denied": "Sign-in refused",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "solve_cancelled": "Solve cancelled",
    "unbanned": "Suspension lifted",
}
ALARMING = {"banned", "permission_denied", "refresh_reused", "second_factor_denied", "sign_in_denied", "role_changed"}


@dataclass(frozen=True)
class PersonView:
    """A row of the accounts; ``key`` is the id."""

    key: str = ""
    name: str = ""
    email: str = ""
    role: str = "free"
    role_text: str = ""
    since: str = ""
    banned: bool = False
    ban_text: str = ""
    own: bool = False


@dataclass(frozen=True)
class JobView:
    """A row of the solves."""

    key: str = ""
    owner: str = ""
    name: str = ""
    status: str = ""
    status_text: str = ""
    progress: str = ""
    memory: str = ""
    asked: str = ""
    active: bool = False


@dataclass(frozen=True)
class EntryView:
    """A line of the trail."""

    key: str = ""
    when: str = ""
    action: str = ""
    alarming: bool = False
    actor: str = ""
    actor_id: str = ""
    subject: str = ""
    subject_id: str = ""
    details: str = ""
    hash: str = ""


@dataclass(frozen=True)
class NumberView:
    """A figure of the overview."""

    label: str = ""
    value: str = ""
    href: str = ""


def moment_text(moment: datetime) -> str:
    """To the second, in UTC, as logs have it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def person_view(person: Person, viewer: UUID) -> PersonView:
    """An account as a row."""
    ban_text = ""
    if person.banned_at is not None:
        ban_text = f"Suspended {person.banned_at:%Y-%m-%d}" + (f": {person.ban_reason}" if person.ban_reason else "")
    return PersonView(
        key=str(person.id),
        name=person.name,
        email=person.email or "no address",
        role=person.role.value,
        role_text=ROLES[person.role.value],
        since=f"{person.created_at:%Y-%m-%d}",
        banned=person.banned_at is not None,
        ban_text=ban_text,
        own=person.id == viewer,
    )


def job_view(job: SolveJob, names: dict[UUID, str]) -> JobView:
    """A solve as a row."""
    progress = f"{job.progress.iteration} iterations, {job.progress.seconds:.0f} s" if job.progress.iteration else "–"
    if job.progress.pct_pot is not None:
        progress += f", {job.progress.pct_pot:.2f}% of the pot"
    return JobView(
        key=str(job.id),
        owner=names.get(job.owner_id, "gone"),
        name=job.name,
        status=job.status.value,
        status_text=STATUSES[job.status.value] + (f": {job.error}" if job.error else ""),
        progress=progress,
        memory=f"{job.memory_bytes / MIB:,.0f} MiB",
        asked=moment_text(job.created_at),
        active=job.status in (SolveStatus.QUEUED, SolveStatus.RUNNING),
    )


def entry_view(entry: Entry, names: dict[UUID, str]) -> EntryView:
    """A line of the trail; who is gone by now has a shortened id for a name."""

    def name(user_id: UUID | None) -> str:
        return "" if user_id is None else names.get(user_id) or f"user {str(user_id)[-8:]}"

    subject = entry.subject_id if entry.subject_id != entry.actor_id else None
    return EntryView(
        key=str(entry.position),
        when=moment_text(entry.recorded_at),
        action=ACTIONS.get(entry.action, entry.action.replace("_", " ")),
        alarming=entry.action in ALARMING,
        actor=name(entry.actor_id) or ("–" if entry.action == "sign_in_denied" else OPERATOR),
        actor_id=str(entry.actor_id or ""),
        subject=name(subject) or ("unknown address" if entry.action == "sign_in_denied" and subject is None else ""),
        subject_id=str(subject or ""),
        details=details_text(entry),
        hash=entry.hash.hex()[:12],
    )


def details_text(entry: Entry) -> str:
    """The facts of a line that say more than its action."""
    found = entry.details
    if entry.action == "permission_denied":
        return f"{found.get('place', '')} ({found.get('permission', '')})"
    if entry.action == "role_changed":
        return f"to {ROLES.get(str(found.get('role')), '?')}"
    if entry.action == "signed_in":
        parts = [str(found.get("method", "password"))]
        parts += ["second factor"] if found.get("second_factor") else []
        parts += ["stays signed in"] if found.get("remembered") else []
        return ", ".join(parts)
    return ", ".join(
        f"{key.replace('_', ' ')}: {_plain(value)}" for key, value in found.items() if value not in (None, [])
    )


def _plain(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list) else str(value)
