"""What all tests share: the engines they run against, and no limits of time on examples."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.engines.fixtures"]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
