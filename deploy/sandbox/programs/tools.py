"""Small programs in System32."""

import re

from deploy.sandbox.programs.context import Context
from deploy.sandbox.programs.services import processes_of_services

PING_INTERVAL_S = 1.0


def hostname(context: Context) -> int:
    """The computer's name."""
    context.say(context.host.name)
    return 0


def whoami(context: Context) -> int:
    """Who is logged in: `host\\user`."""
    context.say(f"{context.host.name}\\{context.session.get('USERNAME')}".lower())
    return 0


def systeminfo(context: Context) -> int:
    """The lines that tools ask for."""
    system = context.host.kernel.system()
    context.say("")
    context.say(f"Host Name:                 {context.host.name.upper()}")
    context.say(f"OS Name:                   {system.get('os')}")
    context.say(f"OS Version:                10.0.{system['build']} N/A Build {system['build']}")
    return 0


def findstr(context: Context) -> int:
    """`findstr [/i] [/b] [/v] [/c:"text"|words] [file …]` over stdin or files; plain text, no expressions."""
    flags = {word.lower() for word in context.arguments if re.fullmatch(r"/[a-z]", word, re.IGNORECASE)}
    words = [word for word in context.arguments if word.lower() not in flags]
    wanted = [word[3:] for word in words if word.lower().startswith("/c:")]
    rest = [word for word in words if not word.lower().startswith("/c:")]
    if not wanted and rest:
        wanted = rest.pop(0).split()
    lines = context.input_lines() if not rest else []
    for file in rest:
        lines += context.host.local(context.path(file)).read_text(context.encoding, "replace").splitlines()
    hits = [line for line in lines if _matches(line, wanted, flags) != ("/v" in flags)]
    for line in hits:
        context.say(line)
    return 0 if hits else 1


def wait(context: Context) -> int:
    """`ping -n N host` and `timeout /t N`: what scripts use for waiting. It really waits."""
    words = [word.lower() for word in context.arguments]
    flag = "-n" if "-n" in words else "/t"
    position = words.index(flag) + 1 if flag in words else len(words)
    count = int(words[position]) if position < len(words) and words[position].isdigit() else 4
    for number in range(count - (flag == "-n")):
        if flag == "-n":
            context.say(f"Reply from {words[-1]}: bytes=32 time<1ms TTL=128 seq={number}")
        if context.cancelled.wait(PING_INTERVAL_S):
            return 1
    return 0


def tasklist(context: Context) -> int:
    """The processes of services: image, pid, service."""
    context.say("")
    context.say("Image Name                     PID Services")
    context.say("========================= ======== ============================================")
    for name, process in processes_of_services(context.host.kernel):
        context.say(f"{process['image'].rpartition(chr(92))[2]:<25} {process['pid']:>8} {name}")
    return 0


def taskkill(context: Context) -> int:
    """`taskkill /f /pid N` and `taskkill /f /im image`."""
    words = [word.lower() for word in context.arguments]
    by = {flag: words[at + 1] for at, flag in enumerate(words[:-1]) if flag in {"/pid", "/im"}}
    killed = False
    for name, process in processes_of_services(context.host.kernel):
        image = process["image"].rpartition("\\")[2].lower()
        if str(process["pid"]) == by.get("/pid") or image == by.get("/im"):
            context.host.kernel.kill(process["pid"])
            context.say(f"SUCCESS: The process with PID {process['pid']} ({name}) has been terminated.")
            killed = True
    if not killed and by.get("/pid", "").isdigit() and context.host.kernel.process(int(by["/pid"])):
        context.host.kernel.kill(int(by["/pid"]))
        context.say(f"SUCCESS: The process with PID {by['/pid']} has been terminated.")
        killed = True
    if not killed:
        context.complain(f'ERROR: The process "{next(iter(by.values()), "")}" not found.')
    return 0 if killed else 128


def _matches(line: str, wanted: list[str], flags: set[str]) -> bool:
    if "/i" in flags:
        line, wanted = line.lower(), [word.lower() for word in wanted]
    return any(line.startswith(word) if "/b" in flags else word in line for word in wanted)
