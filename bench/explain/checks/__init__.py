"""Is a rewritten package still what it was? Each check has one job; what fails is told with why."""
