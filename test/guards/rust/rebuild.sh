#!/bin/sh
# Builds guard.wasm with Debian's rustc-web. The standard library for wasm32-wasip1 is built from rust-web-src.
set -eu
cd "$(dirname "$0")"
packages="rustc-web cargo-web rust-web-src lld wasi-libc"
dpkg -s $packages >/dev/null 2>&1 || apt-get install -y --no-install-recommends $packages
build="${TMPDIR:-/tmp}/edge-guard-rust"
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build"
export RUSTFLAGS="-Clink-self-contained=no -Clinker=wasm-ld -Lnative=/usr/lib/wasm32-wasi -Clink-arg=-zstack-size=262144 --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates"
/usr/bin/cargo build --release --locked --target wasm32-wasip1 -Zbuild-std=std,panic_abort
cp "$build/wasm32-wasip1/release/guard.wasm" guard.wasm
