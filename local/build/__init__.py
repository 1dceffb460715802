"""Makes what is published or checked: contracts, diagrams, samples, the package."""
