"""What this machine can resolve: A/A runs of each benchmark, and its speed."""
