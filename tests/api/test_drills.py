"""Drills over REST: plans, saved drills, links, sets that obey their plan, whole ranges."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient
