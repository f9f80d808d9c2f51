"""Training of what the world invents: `python -m training imagination`."""
