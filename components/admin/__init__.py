"""Administration, bound to state.admin."""

from components.admin.audit import audit_trail
from components.admin.fair_play import fair_play
from components.admin.frame import administration
from components.admin.jobs import everybodys_solves
from components.admin.overview import overview
from components.admin.users import accounts

__all__ = ["accounts", "administration", "audit_trail", "everybodys_solves", "fair_play", "overview"]
