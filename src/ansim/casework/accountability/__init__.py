"""What the agency tells about itself: transparency report, statistics, impact assessment (R30)."""
