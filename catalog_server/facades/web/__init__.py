"""The web facade: the JSON API, health, metrics, the pages, and the gate around the HTTP port."""
