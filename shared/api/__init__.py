"""HTTP: routes, views, the contract, health."""
