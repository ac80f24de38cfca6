#!/bin/sh
# Compiles policy.rego to policy.wasm by OPA's own compiler. Needs Go.
set -eu
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp main.go "$build"
(cd "$build" && go mod init policy && go get github.com/open-policy-agent/opa@v1.4.2 && CGO_ENABLED=0 go build -o make .)
"$build/make" policy.rego policy.wasm guard/label guard/flow/allow
