#!/bin/sh
# Builds guard.wasm with standard Go, 1.24 or later; an older `go` fetches that toolchain as a Go module by itself.
set -eu
cd "$(dirname "$0")"
command -v go >/dev/null || apt-get install -y --no-install-recommends golang-go
GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags="-s -w" -o guard.wasm .
