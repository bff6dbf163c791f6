"""What deploy/prepare.py needs when pyinfra's own command line runs it: one host at a time, everything read once."""

import os
from functools import cache

from deploy.cli.site import Site
from deploy.config.project import Project
from deploy.model.desired import DesiredHost
from deploy.releases.choice import choose_release

RELEASE = "DEPLOY_RELEASE"
"""pyinfra's command line has no option of ours: this variable names the release, else the environment's default."""


@cache
def _desired(environment: str) -> dict[str, DesiredHost]:
    site = Site.load(Project.find(os.environ), environment, "", {})
    release = choose_release(site.store, environment, os.environ.get(RELEASE))
    return {item.host.name: item for item in site.desired(release)}


def desired_host(host_name: str, environment: str) -> DesiredHost:
    """What the host should have. Raises Refused or UsageError with what is missing or wrong."""
    return _desired(environment)[host_name]
