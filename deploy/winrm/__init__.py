"""WinRM sessions, the frame channel, retries, transfer; the only importer of pywinrm."""
