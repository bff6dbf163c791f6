"""What sc.exe prints, column by column. Pure."""

import struct
from collections.abc import Mapping
from typing import Any

from deploy.sandbox.machine.kernel import ServiceStatus

USAGE = (
    "DESCRIPTION:\r\n        SC is a command line program used for communicating with the\r\n"
    "        Service Control Manager and services.\r\nUSAGE:\r\n"
    "        sc [command] [service name] <option1>= <value1> <option2>= <value2>...\r\n"
)
STATES = {"Stopped": (1, "STOPPED"), "StartPending": (2, "START_PENDING"), "StopPending": (3, "STOP_PENDING")}
RUNNING = (4, "RUNNING")
START_NAMES = {2: "AUTO_START", 3: "DEMAND_START", 4: "DISABLED"}
ACTIONS = {1: "RESTART", 2: "REBOOT", 3: "RUN PROCESS"}


def status(name: str, found: ServiceStatus, extended: bool) -> str:
    """The block of query and queryex."""
    number, word = STATES.get(found["state"], RUNNING)
    accepts = (
        "STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN" if number == 4 else "NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN"
    )
    exit_code = found["exit_code"]
    lines = [
        "",
        f"SERVICE_NAME: {name} ",
        "        TYPE               : 10  WIN32_OWN_PROCESS  ",
        f"        STATE              : {number}  {word} ",
        f"                                ({accepts})",
        f"        WIN32_EXIT_CODE    : {exit_code}  (0x{exit_code:x})",
        "        SERVICE_EXIT_CODE  : 0  (0x0)",
        "        CHECKPOINT         : 0x0",
        "        WAIT_HINT          : 0x0",
    ]
    if extended:
        lines += [f"        PID                : {found['pid']}", "        FLAGS              : "]
    return "\r\n".join(lines)


def config(name: str, values: Mapping[str, Any]) -> str:
    """The block of qc."""
    start = int(values.get("start", 3))
    delayed = "  (DELAYED)" if values.get("delayedautostart") and start == 2 else ""
    dependencies = "\r\n                           : ".join(values.get("dependonservice", ()) or [""])
    lines = [
        "[SC] QueryServiceConfig SUCCESS",
        "",
        f"SERVICE_NAME: {name}",
        "        TYPE               : 10  WIN32_OWN_PROCESS ",
        f"        START_TYPE         : {start}   {START_NAMES.get(start, '')}{delayed}",
        "        ERROR_CONTROL      : 1   NORMAL",
        f"        BINARY_PATH_NAME   : {values.get('imagepath', '')}",
        "        LOAD_ORDER_GROUP   : ",
        "        TAG                : 0",
        f"        DISPLAY_NAME       : {values.get('displayname', name)}",
        f"        DEPENDENCIES       : {dependencies}",
        f"        SERVICE_START_NAME : {values.get('objectname', 'LocalSystem')}",
    ]
    return "\r\n".join(lines)


def failure(name: str, values: Mapping[str, Any]) -> str:
    """The block of qfailure."""
    data = bytes.fromhex(values.get("failureactions", ""))
    reset_s, pairs = 0, []
    if len(data) >= 20:
        reset_s, _, _, count, _ = struct.unpack_from("<5I", data)
        pairs = [struct.unpack_from("<2I", data, 20 + 8 * i) for i in range(min(count, (len(data) - 20) // 8))]
    lines = [
        "[SC] QueryServiceConfig2 SUCCESS",
        "",
        f"SERVICE_NAME: {name}",
        f"        RESET_PERIOD (in seconds)    : {reset_s}",
        "        REBOOT_MESSAGE               : ",
        f"        COMMAND_LINE                 : {values.get('failurecommand', '')}",
    ]
    label = "        FAILURE_ACTIONS              : "
    for kind, delay in pairs:
        lines.append(f"{label}{ACTIONS.get(kind, 'NONE')} -- Delay = {delay} milliseconds.")
        label = " " * len(label)
    return "\r\n".join(lines)


def single(name: str, title: str, value: str) -> str:
    """A block with one value, as of qdescription."""
    return f"[SC] QueryServiceConfig2 SUCCESS\r\n\r\nSERVICE_NAME: {name}\r\n{title}  {value}"
