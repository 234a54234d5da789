"""Crawlers: they look at files and databases and write down as tables what they find."""
