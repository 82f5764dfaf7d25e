"""What a benchmark needs around it: fixtures, services, replay, containers."""
