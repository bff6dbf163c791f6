"""The Windows job: what it needs that can be shown without Windows, and what it deploys."""
