"""File formats: what a file holds, told from a bounded part of it, and how each engine is told to read it."""
