"""How a worker is started: one constant command; everything that varies is in three environment variables."""

COMMAND = (
    "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass "
    '-Command "&([ScriptBlock]::Create($env:TSDEPLOY_BOOT))"'
)
ENV_BOOT = "TSDEPLOY_BOOT"
ENV_AGENT = "TSDEPLOY_AGENT"
ENV_ROOT = "TSDEPLOY_ROOT"

DEFAULT_ROOT = r"C:\TradingSystem"
TASK_FOLDER = "\\TradingSystem\\"
TASK_NAME = "Settle"
WORKER_SILENCE_S = 60.0
"""A worker that sees no frame for this long, and carries out no request, ends."""
