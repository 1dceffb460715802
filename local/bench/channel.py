"""The one channel of the bench's desks: a webhook whose secret is there, so that nothing keeps a notice from it."""

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - signs notices that nobody receives
ENVIRON = {"BENCH_SECRET": SECRET}
CHANNEL = """
[channels.bench]
kind = "webhook"
url = "http://127.0.0.1:9/bench"
secret = { env = "BENCH_SECRET" }
on = ["succeeded", "failed", "refused", "lost"]
default = true
"""
