"""Ways to run the networks: plain modules or compiled graphs, in one of three precisions."""
