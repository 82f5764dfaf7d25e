"""Profilers, tracers and observers that run inside the measured project's interpreter."""
