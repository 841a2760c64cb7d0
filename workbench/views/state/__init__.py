"""What a screen knows and can do, observable and without any toolkit."""
