"""What this machine can do, measured: doctor, bench, soak, and a picture of every screen."""
