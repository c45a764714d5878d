"""Networks that compute with two numbers modulo a prime, seen in the Fourier basis over the numbers 0 to p − 1."""
