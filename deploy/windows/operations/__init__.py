"""pyinfra operations: each brings one kind of resource about, by the steps that planning decides."""
