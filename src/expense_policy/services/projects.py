"""The register of projects and activities (G2.2)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain.policy import Policy
from ..domain.project import Project
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office
from ..ports.directory import Directory
from ..ports.repository import Look, Put
from .engine import Effects, Engine, Receipt, Scene, Verdicts


@attrs.define
class OpenProject:
    """A project enters the register, where it stays as it is."""

    project: Project
    actor: str
    directory: Directory
    reason: str | None = None
    name: str = "open_project"

    @property
    def subject(self) -> str:
        return f"project:{self.project.id}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(projects=(self.project.id,))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        project, found = self.project, list[Refusal]()
        if project.id in scene.seen.projects:
            found.append(refusal(Code.PROJECT_EXISTS, project=project.id))
        for department in project.departments:
            if department not in policy.departments:
                found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=department))
        roster = self.directory.roster(project.departments, scene.at)
        heads = tuple(p for d in project.departments for p in roster.holders(Office.DEPARTMENT_HEAD, d))
        officers = roster.holders(Office.FINANCE_OFFICER, project.departments[0])
        if self.actor not in (*heads, *officers):
            found.append(
                refusal(
                    Code.OFFICE_NOT_HELD,
                    clause="G2.2",
                    actor=self.actor,
                    office=Office.DEPARTMENT_HEAD,
                    department=", ".join(project.departments),
                    holders=", ".join((*heads, *officers)) or Office.DEPARTMENT_HEAD,
                )
            )
        if found:
            return tuple(found)
        office = Office.DEPARTMENT_HEAD if self.actor in heads else Office.FINANCE_OFFICER
        return Effects(office=office, puts=(Put(project, 0),))


class Projects:
    """Acts on projects."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, project: Project, *, actor: str, key: str | None = None) -> Receipt:
        """Registers a project; a head of one of its departments or a finance officer does it (G2.2)."""
        act = OpenProject(project, actor, self._engine.env.directory)
        return self._engine.perform(act, key=key, asked=project)
