"""What is slow and rarely breaks: `make soak`."""
