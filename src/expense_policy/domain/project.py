"""A project or activity 项目/活动 (G2.2)."""

from __future__ import annotations

from datetime import date

import attrs

from . import checks
from .content import Row
from .refusals import Code, Refusal, refusal


@attrs.frozen
class Project:
    """What budget lines and applications may name: its departments, and its days from first to last."""

    id: str = attrs.field(validator=checks.ident)
    name: str = attrs.field(validator=checks.label)
    departments: tuple[str, ...] = attrs.field(validator=checks.many(str))
    first: date = attrs.field(validator=checks.day)
    last: date = attrs.field(validator=checks.day)

    def __attrs_post_init__(self) -> None:
        if checks.blank(self.name) or not self.departments:
            raise ValueError("a project has a name and at least one department")
        if len(set(self.departments)) < len(self.departments):
            raise ValueError("a project names a department once")
        for department in self.departments:
            checks.an_ident("departments", department)
        if self.first > self.last:
            raise ValueError("a project ends no earlier than it begins")

    @property
    def version(self) -> int:
        """A project stays as it was registered."""
        return 1

    def row(self) -> Row:
        """What a journal entry says of this row."""
        days = (self.first.isoformat(), self.last.isoformat())
        return ("project", self.id, str(self.version), self.name, *days, *self.departments)


def check(
    named: str | None, project: Project | None, department: str, day: date | None = None, last: date | None = None
) -> list[Refusal]:
    """Why a document of a department may not name this project.

    `day` is when its money is to be paid, or the first day, up to `last`, on one of which it may be.
    """
    if named is None:
        return []
    if project is None:
        return [refusal(Code.PROJECT_UNKNOWN, project=named)]
    if department in project.departments and (day is None or (project.first <= (last or day) and day <= project.last)):
        return []
    return [
        refusal(
            Code.PROJECT_MISMATCH,
            project=project.id,
            departments=", ".join(project.departments),
            first=project.first.isoformat(),
            last=project.last.isoformat(),
        )
    ]
