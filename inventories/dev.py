"""Development: the sandbox's fleet, three simulated Windows hosts (`invoke sandbox.up`).

Each has a loopback address of its own, so that every service listens on its real port.
"""

import os

_prefix = os.environ.get("DEPLOY_SANDBOX_PREFIX", "127.0.10")


def _host(name, number):
    address = f"{_prefix}.{number}"
    return (f"@tswinrm/{name}", {"winrm_address": address, "service_address": address})


_trade_01 = _host("dev-trade-01", 11)
_trade_02 = _host("dev-trade-02", 12)
_gateway_01 = _host("dev-gateway-01", 13)

data_capture = [_trade_01, _trade_02]
order_manager = [_trade_01]
market_data = [_trade_01, _trade_02]
api_gateway = [_gateway_01]
