"""What a person sees while a session runs."""
