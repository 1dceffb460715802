"""The page for people: server-rendered views of the desk, and acts on it behind a sign-in."""
