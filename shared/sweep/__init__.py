"""The timer's round over all vaults, within Azure's budgets."""
