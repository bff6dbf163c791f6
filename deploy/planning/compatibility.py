"""Whether a service can go from what it runs to what it is to run: state, account, program folder."""

import ntpath
import re

from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.model.revision import Revision
from deploy.planning.goal import Goal
from deploy.planning.paths import program
from deploy.planning.registration import has_password, same_account
from deploy.planning.running import Running, running

_SHARED = re.compile(r"^[a-z]:\\?$|^[a-z]:\\(windows|program files( \(x86\))?)$|^[a-z]:\\windows\\", re.IGNORECASE)


def deploy_problems(root: str, facts: HostFacts, goal: Goal) -> tuple[Problem, ...]:
    """Refusals for bringing one service to its goal."""
    now = running(root, facts, goal.service)
    if now is None or now.name == goal.name:
        return ()
    if now.unmanaged:
        return _unmanaged(facts, goal)
    if now.parked:
        # It may never have served: what it could have written binds nobody, else a failed first deploy would.
        return ()
    return (*_unreadable(facts.host, now.revision, goal), *_unreturnable(facts.host, now, goal))


def rollback_problems(root: str, facts: HostFacts, goal: Goal) -> tuple[Problem, ...]:
    """Refusals for going back: the old binary must read the present state, and the new one must allow it."""
    now = running(root, facts, goal.service)
    if now is None or now.name == goal.name or now.revision is None or now.parked:
        return ()
    problems = _unreadable(facts.host, now.revision, goal)
    if now.revision.reversible:
        return problems
    what = f"{goal.service} {now.revision.version} is declared irreversible"
    fix = "deploy a newer release instead: invoke deploy --release …"
    return (*problems, Problem("irreversible", facts.host, what, "a reversible artifact", fix))


def _unreadable(host: str, old: Revision | None, goal: Goal) -> tuple[Problem, ...]:
    if old is None or goal.revision is None:
        return ()
    present, readable = old.state_schema.writes, goal.revision.state_schema.reads
    if present == 0 or present in readable:
        return ()
    what = f"{goal.service} {goal.revision.version} can't read the present state, schema {present}"
    expected = f"schema {present} among those it reads ({', '.join(map(str, readable)) or 'none'})"
    return (Problem("state-schema-unreadable", host, what, expected, "choose a release that reads it"),)


def _unreturnable(host: str, now: Running, goal: Goal) -> tuple[Problem, ...]:
    old, new = now.revision, goal.revision
    if old is None or new is None:
        return ()
    written = new.state_schema.writes
    if written == 0 or written in old.state_schema.reads:
        return ()
    what = f"{goal.service} {new.version} writes state schema {written}, which the running {old.version} can't read"
    fix = f"first deploy a version that reads schema {written} and still writes {old.state_schema.writes}"
    return (Problem("state-schema-written", host, what, "state that a rollback can read", fix),)


def _unmanaged(facts: HostFacts, goal: Goal) -> tuple[Problem, ...]:
    live = facts.services[goal.service].registration
    assert live is not None
    problems = []
    if has_password(live.account) and not same_account(live.account, goal.registration.account):
        what = f"{goal.service} runs as {live.account}; a rollback could not log it on again without its password"
        fix = f"change the account on the host first: sc.exe config {goal.service} obj= LocalSystem"
        problems.append(Problem("account-change", facts.host, what, "an account without a password", fix))
    folder = ntpath.dirname(program(live.image_path))
    if not folder or _SHARED.search(folder):
        what = f"{goal.service} runs from {folder or live.image_path}, which can't be kept as a program folder"
        fix = "move the program to a folder of its own and register it there"
        problems.append(Problem("unmanaged-folder", facts.host, what, "a program folder of its own", fix))
    return tuple(problems)
