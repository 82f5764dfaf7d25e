"""Which imports are deferred together: candidates of all scenarios, what sets save, commits."""
