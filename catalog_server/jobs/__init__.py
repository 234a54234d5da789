"""PySpark jobs: engines that run them, runs, what they wrote."""
