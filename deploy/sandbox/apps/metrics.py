"""Counters of a stand-in, in the text format of Prometheus."""

import threading

BOUNDS_S = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Requests, errors, orders and a histogram of latencies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets = [0] * len(BOUNDS_S)
        self._sum_s = 0.0
        self.requests = self.errors = self.orders = 0

    def request(self) -> None:
        """One more request came in."""
        with self._lock:
            self.requests += 1

    def error(self) -> None:
        """It was answered by an error."""
        with self._lock:
            self.errors += 1

    def order(self) -> int:
        """One more order; gives its number."""
        with self._lock:
            self.orders += 1
            return self.orders

    def observe(self, seconds: float) -> None:
        """How long an answer took."""
        with self._lock:
            self._sum_s += seconds
            for index, bound in enumerate(BOUNDS_S):
                if seconds <= bound:
                    self._buckets[index] += 1
                    break

    def text(self, service: str, version: str, *, connected: bool) -> str:
        """Everything, with the service as a label."""
        label = f'service="{service}"'
        with self._lock:
            lines = [
                *_series("trading_build_info", "gauge", f'{label},version="{version}"', 1),
                *_series("http_requests_total", "counter", label, self.requests),
                *_series("http_errors_total", "counter", label, self.errors),
                *_series("orders_total", "counter", label, self.orders),
                *_series("profitdll_connection_state", "gauge", f'{label},state="connected"', int(connected)),
                *self._histogram(label),
            ]
        return "\n".join(lines) + "\n"

    def _histogram(self, label: str) -> list[str]:
        name, total = "http_request_duration_seconds", 0
        lines = [f"# TYPE {name} histogram"]
        for bound, count in zip(BOUNDS_S, self._buckets, strict=True):
            total += count
            lines.append(f'{name}_bucket{{{label},le="{bound}"}} {total}')
        lines.append(f'{name}_bucket{{{label},le="+Inf"}} {self.requests}')
        return [*lines, f"{name}_sum{{{label}}} {self._sum_s}", f"{name}_count{{{label}}} {self.requests}"]


def _series(name: str, kind: str, labels: str, value: int) -> tuple[str, str]:
    return f"# TYPE {name} {kind}", f"{name}{{{labels}}} {value}"
