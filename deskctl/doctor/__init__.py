"""What is wrong with a desk.toml and a deployment, seen from outside, each fault with its mend."""
