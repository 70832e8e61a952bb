"""What training/run_step.py is made of."""
