"""What Prometheus is told: metrics as they are declared, read and served."""
