"""Every environment. A setting's name sets that setting; any other name is a value for templates (`settings.NAME`)."""

from deploy.config.hidden import Hidden

winrm_transport = "ntlm"
winrm_scheme = "https"
winrm_password = Hidden.environ("DEPLOY_WINRM_PASSWORD")  # for pyinfra's own command line

log_level = "Information"
order_rate_limit = 100  # orders per second
tick_buffer = 65536  # ticks kept in memory
