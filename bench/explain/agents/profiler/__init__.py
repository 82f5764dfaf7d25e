"""Programs that run in the subject's interpreter; the harness imports none of them."""
