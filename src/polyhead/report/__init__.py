"""Figures and models in words: tables of the command line, the model card."""
