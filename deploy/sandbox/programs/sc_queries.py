"""The verbs of sc.exe that only look. Each raises KernelError 1060 for a service that isn't registered."""

from deploy.sandbox.programs import sc_text
from deploy.sandbox.programs.sc_call import SID_TYPES, Call
from deploy.sandbox.programs.services import status_of, values_of


def query(call: Call) -> None:
    """`query NAME`."""
    call.context.say(sc_text.status(call.name, status_of(call.context.host.kernel, call.name), False))


def query_extended(call: Call) -> None:
    """`queryex NAME`: with process id."""
    call.context.say(sc_text.status(call.name, status_of(call.context.host.kernel, call.name), True))


def query_config(call: Call) -> None:
    """`qc NAME`."""
    call.context.say(sc_text.config(call.name, values_of(call.context.host.kernel, call.name)))


def query_failure(call: Call) -> None:
    """`qfailure NAME`."""
    call.context.say(sc_text.failure(call.name, values_of(call.context.host.kernel, call.name)))


def query_failure_flag(call: Call) -> None:
    """`qfailureflag NAME`."""
    values = values_of(call.context.host.kernel, call.name)
    on = bool(values.get("failureactionsonnoncrashfailures", 0))
    call.context.say(sc_text.single(call.name, "FAILURE_ACTIONS_ON_NONCRASH_FAILURES:", str(on).upper()))


def query_description(call: Call) -> None:
    """`qdescription NAME`."""
    values = values_of(call.context.host.kernel, call.name)
    call.context.say(sc_text.single(call.name, "DESCRIPTION:", str(values.get("description", ""))))


def query_sid_type(call: Call) -> None:
    """`qsidtype NAME`."""
    number = values_of(call.context.host.kernel, call.name).get("servicesidtype", 0)
    names = {value: name for name, value in SID_TYPES.items()}
    call.context.say(sc_text.single(call.name, "SERVICE_SID_TYPE:", names.get(number, "none").upper()))
