"""Production: market data on two hosts, orders on one that does nothing else, the API Gateway on two of its own."""

_feed_01 = ("@tswinrm/prod-feed-01", {"winrm_address": "prod-feed-01.trd.example.net", "service_address": "10.20.0.11"})
_feed_02 = ("@tswinrm/prod-feed-02", {"winrm_address": "prod-feed-02.trd.example.net", "service_address": "10.20.0.12"})
_order_01 = (
    "@tswinrm/prod-order-01",
    {"winrm_address": "prod-order-01.trd.example.net", "service_address": "10.20.0.21"},
)
_gateway_01 = ("@tswinrm/prod-gw-01", {"winrm_address": "prod-gw-01.dmz.example.net", "service_address": "10.20.1.11"})
_gateway_02 = ("@tswinrm/prod-gw-02", {"winrm_address": "prod-gw-02.dmz.example.net", "service_address": "10.20.1.12"})

data_capture = [_feed_01, _feed_02]
order_manager = [_order_01]
market_data = [_feed_01, _feed_02]
api_gateway = [_gateway_01, _gateway_02]
