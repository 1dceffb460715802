#!/bin/sh
# New roles take minutes to be valid everywhere. DESK_ROLE_WAIT=0 where they are old.
set -eu
seconds="${DESK_ROLE_WAIT:-120}"
echo "Waiting $seconds s until new roles are valid (InaccessibleStorageException otherwise)."
sleep "$seconds"
