"""The claims this project makes about itself, measured on demand."""
