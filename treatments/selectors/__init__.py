"""Reads of the treatments room, each scoped to a clinic."""

from __future__ import annotations

from treatments.selectors.windows import PlanWindow, plan_windows, sessions_of, windows_among

__all__ = ["PlanWindow", "plan_windows", "sessions_of", "windows_among"]
