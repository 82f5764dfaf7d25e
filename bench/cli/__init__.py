"""The command line: parse arguments, call a feature, turn errors into exit statuses."""
