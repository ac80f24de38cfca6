// Compiles a Rego policy to WebAssembly, as `opa build -t wasm -e guard/label …` does: main.go <policy.rego> <out.wasm> <entry point> …
package main

import (
	"bytes"
	"context"
	"os"

	"github.com/open-policy-agent/opa/v1/compile"
)

func main() {
	var out bytes.Buffer
	c := compile.New().WithTarget(compile.TargetWasm).WithEntrypoints(os.Args[3:]...).WithOutput(&out).WithPaths(os.Args[1])
	if err := c.Build(context.Background()); err != nil {
		panic(err)
	}
	for _, m := range c.Bundle().WasmModules {
		if err := os.WriteFile(os.Args[2], m.Raw, 0o644); err != nil {
			panic(err)
		}
	}
}
