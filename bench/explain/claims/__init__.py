"""Speed-ups that commit messages claim, put to the test."""
