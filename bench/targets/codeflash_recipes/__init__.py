"""Recipes for codeflash alone: what its trace names where it calls processes and services."""
