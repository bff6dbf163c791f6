"""Parts of the sandbox's Wine engine that need no Wine."""
