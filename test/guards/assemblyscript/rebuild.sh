#!/bin/sh
# Builds guard.wasm with AssemblyScript from the project's own dependencies (npm ci). Without `abort` it imports from env only what a guard may.
set -eu
cd "$(dirname "$0")"
root=../../..
[ -d "$root/node_modules/assemblyscript" ] || (cd "$root" && npm ci)
"$root/node_modules/.bin/asc" assembly/index.ts --outFile guard.wasm --runtime incremental --use abort= --optimizeLevel 3 --shrinkLevel 1 --converge
