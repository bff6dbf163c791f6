"""sc.exe: the service control manager's command line, acting on the machine's registry and processes."""

from collections.abc import Callable, Mapping, Sequence

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.programs import sc_changes, sc_queries, sc_text
from deploy.sandbox.programs.context import Context
from deploy.sandbox.programs.sc_call import Call
from deploy.sandbox.programs.services import NOT_INSTALLED
from deploy.sandbox.programs.win32 import message_of

BAD_LINE = 1639


def run(context: Context) -> int:
    """Carries out one call; the exit code is the Win32 error."""
    verb, *rest = context.arguments or [""]
    if verb.lower() in {"query", "queryex"} and (not rest or rest[0].endswith("=")):
        return _query_all(context, verb.lower() == "queryex", _options(rest)[1])
    entry = _VERBS.get(verb.lower())
    if entry is None or not rest:
        context.say(sc_text.USAGE)
        return BAD_LINE
    function, api, opening = entry
    words, options = _options(rest[1:])
    call = Call(context, rest[0], words, options)
    try:
        function(call)
    except KernelError as error:
        where = opening if error.code == NOT_INSTALLED else api
        context.say(f"[SC] {where} FAILED {error.code}:\r\n\r\n{message_of(error.code, str(error))}\r\n")
        return error.code
    except (ValueError, IndexError):
        context.say(sc_text.USAGE)
        return BAD_LINE
    return 0


def _options(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Plain words, and `key= value` pairs (newer versions take `key=value` too)."""
    plain: list[str] = []
    options: dict[str, str] = {}
    at = 0
    while at < len(words):
        key, equals, value = words[at].partition("=")
        if equals and not value:
            value = words[at + 1] if at + 1 < len(words) else ""
            at += 1
        if equals:
            options[key.lower()] = value
        else:
            plain.append(words[at])
        at += 1
    return plain, options


def _query_all(context: Context, extended: bool, options: Mapping[str, str]) -> int:
    everything = options.get("state", "").lower() == "all"
    kernel = context.host.kernel
    for name in kernel.services():
        status = kernel.service_status(name)
        if status and (everything or status["state"] != "Stopped"):
            context.say(sc_text.status(name, status, extended))
    return 0


# Function, the API in its messages, and the words when the service can't be opened.
_VERBS: dict[str, tuple[Callable[[Call], None], str, str]] = {
    "query": (sc_queries.query, "EnumQueryServicesStatus", "EnumQueryServicesStatus:OpenService"),
    "queryex": (sc_queries.query_extended, "EnumQueryServicesStatus", "EnumQueryServicesStatus:OpenService"),
    "qc": (sc_queries.query_config, "QueryServiceConfig", "OpenService"),
    "qfailure": (sc_queries.query_failure, "QueryServiceConfig2", "OpenService"),
    "qfailureflag": (sc_queries.query_failure_flag, "QueryServiceConfig2", "OpenService"),
    "qdescription": (sc_queries.query_description, "QueryServiceConfig2", "OpenService"),
    "qsidtype": (sc_queries.query_sid_type, "QueryServiceConfig2", "OpenService"),
    "create": (sc_changes.create, "CreateService", "OpenService"),
    "config": (sc_changes.config, "ChangeServiceConfig", "OpenService"),
    "failure": (sc_changes.failure, "ChangeServiceConfig2", "OpenService"),
    "failureflag": (sc_changes.failure_flag, "ChangeServiceConfig2", "OpenService"),
    "description": (sc_changes.description, "ChangeServiceConfig2", "OpenService"),
    "sidtype": (sc_changes.sid_type, "ChangeServiceConfig2", "OpenService"),
    "start": (sc_changes.start, "StartService", "StartService: OpenService"),
    "stop": (sc_changes.stop, "ControlService", "OpenService"),
    "delete": (sc_changes.delete, "DeleteService", "OpenService"),
}
