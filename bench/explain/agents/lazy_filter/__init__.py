"""A folder for the subject's PYTHONPATH: the subject's Python imports `sitecustomize` from it."""
