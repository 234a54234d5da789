"""Tests of files and formats."""
