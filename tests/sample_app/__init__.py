"""The app that test_host*.py runs."""
