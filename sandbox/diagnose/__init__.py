"""What this machine can do, measured: doctor, bench, and a picture of every screen."""
