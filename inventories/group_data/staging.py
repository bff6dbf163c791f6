"""Staging. Its password comes from DEPLOY_WINRM_PASSWORD, `.env.staging` or the secrets folder, never from here."""

winrm_user = r"STG\svc-deploy"

batch = "50%"
order_manager_url = "http://10.30.0.11:5055"
