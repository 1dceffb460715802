// Loaded into Azurite before it starts. Whoever started it holds the other end of stdin; when that end closes, because
// the holder stopped or was killed, Azurite saves and ends too: no node is left behind on its ports.
"use strict";
const end = () => {
  process.kill(process.pid, "SIGTERM"); // Azurite saves its tables on SIGTERM, and only then
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 10_000).unref();
};
process.stdin.on("end", end).on("error", end).resume();
process.stdin.unref?.(); // a pipe must not keep a stopped Azurite alive
