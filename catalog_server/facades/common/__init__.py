"""What facades share: threads for calls and who waits for them, turns of writers that race, answers that are given again."""
