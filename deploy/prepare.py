"""pyinfra's deploy file: `pyinfra inventories/dev.py deploy/prepare.py` prepares hosts, without an outage.

It takes the run lock of each host before its first change, like any run, and gives it back at the end.
"""

import os

from pyinfra.context import host

from deploy.cli.wiring import desired_host
from deploy.config.catalogue import load_catalogue
from deploy.config.project import Project
from deploy.windows.preparation import prepare

_project = Project.find(os.environ)
# The inventory file's name is a group of every host.
_environment = next(name for name in _project.environments() if name in host.groups)
_catalogue = load_catalogue(_project)

prepare(desired_host(host.name, _environment), _catalogue.root, _catalogue.host, _environment)
