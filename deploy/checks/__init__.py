"""testinfra over the connections of a run."""
