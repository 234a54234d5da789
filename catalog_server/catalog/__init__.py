"""The rules: what may change, how versions meet, what is written to the log. Facades translate; the catalog decides."""
