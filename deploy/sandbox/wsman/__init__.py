"""A WS-Man server as Windows has it: HTTP and HTTPS listeners, sealed messages, shells, commands, faults and quotas."""
