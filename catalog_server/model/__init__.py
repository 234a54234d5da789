"""The nouns of the catalog: frozen dataclasses, names, types and errors, made of the standard library only."""
