"""A project or activity 项目/活动 (G2.2)."""

from __future__ import annotations

from datetime import date

import attrs

from .content import Plain
from .refusals import Code, Refusal, refusal


@attrs.frozen
class Project:
    """What budget lines and applications may name: its departments, and its days from first to last."""

    id: str
    name: str
    departments: tuple[str, ...]
    first: date
    last: date
    version: int = 1

    def __attrs_post_init__(self) -> None:
        if not self.id.strip() or not self.name.strip() or not self.departments:
            raise ValueError("a project has an id, a name and at least one department")
        if self.first > self.last:
            raise ValueError("a project ends no earlier than it begins")

    def row(self) -> Plain:
        """What a journal entry says of this row."""
        days = (self.first.isoformat(), self.last.isoformat())
        return ("project", self.id, self.version, self.name, self.departments, days)


def check(named: str | None, project: Project | None, department: str, day: date | None = None) -> list[Refusal]:
    """Why a document of a department may not name this project; `day` is when its money is to be paid."""
    if named is None:
        return []
    if project is None:
        return [refusal(Code.PROJECT_UNKNOWN, project=named)]
    if department in project.departments and (day is None or project.first <= day <= project.last):
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
