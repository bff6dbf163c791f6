"""Measures requests, bytes, throughput and outage of this toolkit beside naive ones, in one run."""
