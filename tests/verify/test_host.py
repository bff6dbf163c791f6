"""Every host: nothing left open, nothing of ours running between runs."""

from deploy.checks.host import WindowsHost


def test_no_open_transaction(host: WindowsHost) -> None:
    """No transaction waits to be settled."""
    assert [item.tx for item in host.facts.transactions] == []


def test_settling_task_sleeps(host: WindowsHost) -> None:
    """The settling task is there, at the installed version, and disabled: between runs nothing of ours runs."""
    agent = host.facts.agent
    if host.facts.revisions:
        assert agent.task_exists, "nobody would settle a transaction here"
        assert not agent.task_enabled
        assert agent.task_sha in agent.modules
