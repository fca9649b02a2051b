"""Planning whole courses, and replanning them when one visit moves."""

from __future__ import annotations

from scheduling.domain.courses.displace import replan_displaced
from scheduling.domain.courses.model import (
    Blocked,
    Candidates,
    Change,
    CoursePlan,
    CourseRequest,
    DayRange,
    Emphasis,
    Obstacles,
    OffProtocol,
    PlannedVisit,
    Preferences,
    Proposal,
    Replan,
    Visit,
    Weights,
)
from scheduling.domain.courses.plan import plan_course
from scheduling.domain.courses.replan import replan_after_move

__all__ = [
    "Blocked",
    "Candidates",
    "Change",
    "CoursePlan",
    "CourseRequest",
    "DayRange",
    "Emphasis",
    "Obstacles",
    "OffProtocol",
    "PlannedVisit",
    "Preferences",
    "Proposal",
    "Replan",
    "Visit",
    "Weights",
    "plan_course",
    "replan_after_move",
    "replan_displaced",
]
