#!/bin/sh
# What is deployed: desk.toml is checked, then dist/restore-desk.zip is made and indexed.
set -eu
cd "$(dirname "$0")/.."
python3 -m deskctl check --config "${DESK_TOML:-desk.toml}"
python3 -m local package --config "${DESK_TOML:-desk.toml}" --out dist/restore-desk.zip
