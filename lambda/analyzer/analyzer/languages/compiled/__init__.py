"""What the compiled languages share: source text to look patterns up in, listening ports, the image of a binary."""
