"""Deployment toolkit for TradingSystem on Windows hosts."""
