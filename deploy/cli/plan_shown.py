"""A plan as it is shown: lines for people, and the document."""

from deploy.cli.output import Output
from deploy.model.plan import Plan
from deploy.model.run import Exit
from deploy.planning.document import plan_document, plan_lines


def tell(plan: Plan, output: Output) -> None:
    """The lines."""
    for line in plan_lines(plan):
        output.text(line)


def show(plan: Plan, output: Output) -> Exit:
    """All that `plan` and `--dry` do with it; 2 when it may not run."""
    tell(plan, output)
    output.document(plan_document(plan))
    return Exit.REFUSED if plan.refusals else Exit.OK
