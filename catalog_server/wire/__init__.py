"""Bindings of wire protocols, generated from idl/ by one command and never changed by hand."""
