"""Releases: built, kept in a store, promoted; revisions rendered from them."""
