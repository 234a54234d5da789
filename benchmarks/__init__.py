"""Measurements of what this project claims, each beside the real peer."""
