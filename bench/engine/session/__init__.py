"""One bench session: plan, measure until decided, keep."""
