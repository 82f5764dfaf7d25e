"""From a revision to a branch of changes that make it faster, each proved and measured."""
