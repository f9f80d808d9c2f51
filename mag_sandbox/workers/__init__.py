"""Many tasks of one job, done here, in processes of this machine, or on a Ray cluster."""
