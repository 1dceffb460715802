"""What azd would make, read from infra/."""
