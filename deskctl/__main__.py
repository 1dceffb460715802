"""`python3 -m deskctl <command>`: starts on whatever Python there is, as `python3 -m local` does."""

from local.__main__ import start

if __name__ == "__main__":
    start("deskctl")
