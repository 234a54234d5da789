"""What all tests share: the engines they run against."""

pytest_plugins = ["tests.engines.fixtures"]
