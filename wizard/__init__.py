"""What people run. The only floor that prompts, prints, reads flags, the environment or the clock."""
