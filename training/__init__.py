"""How worlds are trained: `python -m training pocket`."""
