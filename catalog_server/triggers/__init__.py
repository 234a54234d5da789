"""What decides when work is started."""
