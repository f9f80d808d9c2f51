"""Training of planner, reader and painter: `python -m training imagination`."""
