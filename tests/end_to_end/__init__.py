"""The whole product over its real command line, on the simulated fleet."""
