"""Predicted savings held against real commits."""
