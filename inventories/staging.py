"""Staging: the layout of production with one trading host less."""

_trade_01 = (
    "@tswinrm/stg-trade-01",
    {"winrm_address": "stg-trade-01.stg.example.net", "service_address": "10.30.0.11"},
)
_trade_02 = (
    "@tswinrm/stg-trade-02",
    {"winrm_address": "stg-trade-02.stg.example.net", "service_address": "10.30.0.12"},
)
_gateway_01 = ("@tswinrm/stg-gw-01", {"winrm_address": "stg-gw-01.stg.example.net", "service_address": "10.30.1.11"})

data_capture = [_trade_01, _trade_02]
order_manager = [_trade_01]
market_data = [_trade_01, _trade_02]
api_gateway = [_gateway_01]
