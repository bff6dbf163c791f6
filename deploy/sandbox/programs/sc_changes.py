"""The verbs of sc.exe that change something. Each raises KernelError, or ValueError and IndexError for a bad line."""

import struct

from deploy.sandbox.machine.registration import START_TYPES
from deploy.sandbox.programs import sc_text
from deploy.sandbox.programs.sc_call import SID_TYPES, Call
from deploy.sandbox.programs.services import status_of, values_of

ACTIONS = {"": 0, "none": 0, "restart": 1, "reboot": 2, "run": 3}


def create(call: Call) -> None:
    """`create NAME binPath= … [start= …] [obj= …] [DisplayName= …] [depend= a/b]`."""
    kernel, options = call.context.host.kernel, call.options
    start = _start_type(options.get("start", "demand"))
    kernel.service_create(
        call.name,
        options["binpath"] if "binpath" in options else _missing(),
        start,
        _account(options.get("obj", "")),
        options.get("displayname", call.name),
        "",
    )
    if "depend" in options:
        call.put("DependOnService", "REG_MULTI_SZ", _dependencies(options["depend"]))
    call.context.say("[SC] CreateService SUCCESS")


def config(call: Call) -> None:
    """`config NAME`, with the options of create."""
    values_of(call.context.host.kernel, call.name)
    options = call.options
    if "start" in options:
        number, delayed = START_TYPES[_start_type(options["start"])]
        call.put("Start", "REG_DWORD", number)
        call.put("DelayedAutostart", "REG_DWORD", delayed)
    for option, name in (("binpath", "ImagePath"), ("displayname", "DisplayName")):
        if option in options:
            call.put(name, "REG_EXPAND_SZ" if name == "ImagePath" else "REG_SZ", options[option])
    if "obj" in options:
        call.put("ObjectName", "REG_SZ", _account(options["obj"]))
    if "depend" in options:
        call.put("DependOnService", "REG_MULTI_SZ", _dependencies(options["depend"]))
    call.context.say("[SC] ChangeServiceConfig SUCCESS")


def failure(call: Call) -> None:
    """`failure NAME reset= seconds actions= kind/milliseconds/…`."""
    values_of(call.context.host.kernel, call.name)
    fields = call.options["actions"].split("/") if call.options.get("actions") else []
    pairs = [(ACTIONS[kind.lower()], int(delay)) for kind, delay in zip(fields[::2], fields[1::2], strict=True)]
    header = struct.pack("<5I", int(call.options.get("reset", "0")), 0, 0, len(pairs), 20)
    data = header + b"".join(struct.pack("<2I", *pair) for pair in pairs)
    call.put("FailureActions", "REG_BINARY", data.hex())
    call.context.say("[SC] ChangeServiceConfig2 SUCCESS")


def failure_flag(call: Call) -> None:
    """`failureflag NAME 0|1`."""
    values_of(call.context.host.kernel, call.name)
    call.put("FailureActionsOnNonCrashFailures", "REG_DWORD", int(call.words[0]))
    call.context.say("[SC] ChangeServiceConfig2 SUCCESS")


def description(call: Call) -> None:
    """`description NAME text`."""
    values_of(call.context.host.kernel, call.name)
    call.put("Description", "REG_SZ", call.words[0])
    call.context.say("[SC] ChangeServiceConfig2 SUCCESS")


def sid_type(call: Call) -> None:
    """`sidtype NAME none|unrestricted|restricted`."""
    values_of(call.context.host.kernel, call.name)
    number = SID_TYPES.get(call.words[0].lower())
    call.put("ServiceSidType", "REG_DWORD", _missing() if number is None else number)
    call.context.say("[SC] ChangeServiceConfig2 SUCCESS")


def start(call: Call) -> None:
    """`start NAME`; returns before the service runs."""
    kernel = call.context.host.kernel
    status_of(kernel, call.name)
    kernel.service_start(call.name)
    call.context.say(sc_text.status(call.name, status_of(kernel, call.name), True))


def stop(call: Call) -> None:
    """`stop NAME`; returns before the service has stopped."""
    kernel = call.context.host.kernel
    status_of(kernel, call.name)
    kernel.service_stop(call.name)
    call.context.say(sc_text.status(call.name, status_of(kernel, call.name), False))


def delete(call: Call) -> None:
    """`delete NAME`."""
    kernel = call.context.host.kernel
    status_of(kernel, call.name)
    kernel.service_delete(call.name)
    call.context.say("[SC] DeleteService SUCCESS")


def _missing() -> str:
    raise ValueError("an option is missing")


def _start_type(text: str) -> str:
    if text.lower() not in START_TYPES:
        raise ValueError(text)
    return text.lower()


def _account(text: str) -> str:
    return {"": "LocalSystem", ".\\localsystem": "LocalSystem"}.get(text.lower(), text)


def _dependencies(text: str) -> list[str]:
    return [name for name in text.split("/") if name]
