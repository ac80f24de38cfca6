#!/bin/sh
# Builds guard.wasm with standard Go. Debian's is too old for go:wasmexport (1.24), but it can fetch a newer one as a Go module.
set -eu
cd "$(dirname "$0")"
version=go1.26.8
go=$(command -v go || true)
if [ -z "$go" ]; then
  apt-get install -y --no-install-recommends golang-go ca-certificates
  go=$(command -v go)
fi
if ! GOTOOLCHAIN=local "$go" version | grep -q " $version "; then
  module="golang.org/toolchain@v0.0.1-$version.$("$go" env GOHOSTOS)-$("$go" env GOHOSTARCH)"
  folder=$(cd / && "$go" mod download -json "$module" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
  # Modules hold no permissions.
  chmod -R u+w "$folder"
  chmod +x "$folder"/bin/* "$folder"/pkg/tool/*/*
  go="$folder/bin/go"
  export GOROOT="$folder"
fi
export GOTOOLCHAIN=local GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0
"$go" build -buildmode=c-shared -trimpath -buildvcs=false -ldflags="-s -w" -o guard.wasm .
