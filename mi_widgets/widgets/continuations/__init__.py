"""What a model goes on to say, before and after it was changed."""
