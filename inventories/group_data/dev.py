"""Development: the sandbox's credentials, which `invoke sandbox.up` makes; the inventory loads without them."""

import os
from pathlib import Path

from deploy.config.hidden import Hidden

__all__ = [
    "log_level",
    "order_manager_url",
    "order_rate_limit",
    "parallel",
    "store_for_hosts",
    "winrm_ca_path",
    "winrm_password",
    "winrm_user",
]

_project = Path(os.environ.get("DEPLOY_PROJECT") or Path(__file__).resolve().parents[2]).resolve()
_sandbox = _project / ".deploy" / "sandbox" / "dev"
_user = _sandbox / "user"
_prefix = os.environ.get("DEPLOY_SANDBOX_PREFIX", "127.0.10")

winrm_user = _user.read_text("utf-8").strip() if _user.is_file() else None
winrm_password = Hidden.read(_sandbox / "password")
winrm_ca_path = str(_sandbox / "ca.pem")

store_for_hosts = f"http://{_prefix}.1:8088"  # the sandbox serves it
parallel = 8
log_level = "Debug"
order_rate_limit = 50
order_manager_url = f"http://{_prefix}.11:5055"
