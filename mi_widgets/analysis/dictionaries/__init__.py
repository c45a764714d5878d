"""What sparse autoencoders are worth: how true they are to the activations, and to what is known."""
