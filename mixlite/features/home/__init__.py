"""Home: what friends wrote, by day; and the front of the house for everybody else."""
