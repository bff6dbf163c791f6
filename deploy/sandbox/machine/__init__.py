"""One simulated machine: registry, service control manager, tasks, firewall, clock, power, processes."""
