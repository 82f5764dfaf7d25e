"""Is it true? Self-check, calibration, accuracy of predictions, prior art."""
