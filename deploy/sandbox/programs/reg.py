"""reg.exe: query, add and delete on the machine's registry."""

from typing import Any, get_args

from deploy.sandbox.machine.kernel import RegistryType, RegistryValue
from deploy.sandbox.programs.context import Context

HIVES = {"HKEY_LOCAL_MACHINE": "HKLM", "HKLM": "HKLM", "HKEY_CURRENT_USER": "HKCU", "HKCU": "HKCU"}
LONG = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}
NOT_FOUND = "ERROR: The system was unable to find the specified registry key or value."
SUCCESS = "The operation completed successfully."


def run(context: Context) -> int:
    """Carries out one call."""
    words = context.arguments
    verb = words[0].lower() if words else ""
    hive, _, rest = words[1].partition("\\") if len(words) > 1 else ("", "", "")
    function = {"query": _query, "add": _add, "delete": _delete}.get(verb)
    if function is None or hive.upper() not in HIVES:
        context.complain('ERROR: Invalid syntax.\r\nType "REG /?" for usage.')
        return 1
    try:
        return function(context, f"{HIVES[hive.upper()]}\\{rest.rstrip(chr(92))}", _options(words[2:]))
    except (ValueError, KeyError):
        context.complain('ERROR: Invalid syntax.\r\nType "REG /?" for usage.')
        return 1


def _options(words: list[str]) -> dict[str, str]:
    """`/v name /t type /d data /s sep`, and flags `/f`, `/ve`, `/va`."""
    options: dict[str, str] = {}
    at = 0
    while at < len(words):
        name = words[at].lower()
        takes_value = name in {"/v", "/t", "/d"}
        options[name] = words[at + 1] if takes_value and at + 1 < len(words) else ""
        at += 2 if takes_value else 1
    return options


def _query(context: Context, key: str, options: dict[str, str]) -> int:
    values = context.host.kernel.reg_get(key)
    wanted = options.get("/v")
    if values is not None and wanted is not None:
        values = {name: value for name, value in values.items() if name.lower() == wanted.lower()} or None
    if values is None:
        context.complain(f"\r\n{NOT_FOUND}")
        return 1
    hive, _, rest = key.partition("\\")
    context.say(f"\r\n{LONG[hive]}\\{rest}")
    for name, value in values.items():
        context.say(f"    {name or '(Default)'}    {value[0]}    {_shown(value)}")
    context.say("")
    return 0


def _add(context: Context, key: str, options: dict[str, str]) -> int:
    type_ = options.get("/t", "REG_SZ").upper()
    if type_ not in get_args(RegistryType):
        raise ValueError(type_)
    name = options.get("/v", "")
    context.host.kernel.reg_set(key, name, type_, _parsed(type_, options.get("/d", "")))  # type: ignore[arg-type]
    context.say(SUCCESS)
    return 0


def _delete(context: Context, key: str, options: dict[str, str]) -> int:
    kernel = context.host.kernel
    values = kernel.reg_get(key)
    name = options.get("/v")
    if values is None or (name is not None and name.lower() not in {found.lower() for found in values}):
        context.complain(NOT_FOUND)
        return 1
    if "/va" in options:
        for found in list(values):
            kernel.reg_delete(key, found)
    else:
        kernel.reg_delete(key, name)
    context.say(SUCCESS)
    return 0


def _shown(value: RegistryValue) -> str:
    match value:
        case ("REG_DWORD", number):
            return f"0x{number:x}"
        case ("REG_MULTI_SZ", items):
            return "\\0".join(items)
        case ("REG_BINARY", digits):
            return str(digits).upper()
    return str(value[1])


def _parsed(type_: str, text: str) -> Any:
    match type_:
        case "REG_DWORD":
            return int(text or "0", 0)
        case "REG_MULTI_SZ":
            return [item for item in text.split("\\0") if item]
        case "REG_BINARY":
            return bytes.fromhex(text).hex()
    return text
