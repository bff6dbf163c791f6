"""What is killed, whenever it is killed: the host ends with the old or the new revision, complete."""
