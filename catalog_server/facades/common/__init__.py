"""What facades share: threads for calls, turns of writers that race, answers that are given again."""
