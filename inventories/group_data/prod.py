"""Production. Its password comes from DEPLOY_WINRM_PASSWORD or the secrets folder, never from here."""

winrm_user = "svc-deploy@TRD.EXAMPLE.NET"
winrm_transport = "kerberos"

batch = "1"
keep_revisions = 5
log_level = "Warning"
order_rate_limit = 200
order_manager_url = "http://10.20.0.21:5055"
