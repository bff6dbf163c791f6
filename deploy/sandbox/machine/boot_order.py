"""In which order the SCM starts services at power-on."""

from collections.abc import Sequence

from deploy.sandbox.machine.registration import START_AUTO, Registration


def boot_order(services: Sequence[Registration], *, delayed: bool) -> list[str]:
    """Automatic services, dependencies first; `delayed` ones are a second turn. Of a cycle, as they are met."""
    known = {service.name.lower(): service for service in services}
    order: list[str] = []
    seen: set[str] = set()

    def visit(service: Registration) -> None:
        if service.name in seen:
            return
        seen.add(service.name)
        for name in service.depends_on:
            if (dependency := known.get(name.lower())) is not None:
                visit(dependency)
        if service.start == START_AUTO and service.delayed == delayed:
            order.append(service.name)

    for service in services:
        visit(service)
    return order
