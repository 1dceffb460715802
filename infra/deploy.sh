#!/bin/sh
# The one way to deploy: the package, then that package into the app. Arguments go to azd (--environment NAME).
set -eu
here="$(dirname "$0")"
sh "$here/package.sh"
cd "$here/.."
exec azd deploy desk --from-package dist/restore-desk.zip "$@"
