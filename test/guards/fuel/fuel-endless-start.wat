;; Never gets through its start function: ended before the host has seen an export.
(module
  (memory (export "memory") 2)
  (func $spin (loop $again (br $again)))
  (func $label (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (start $spin)
  (export "label_agent" (func $label))
  (export "label_resource" (func $label))
  (export "label_response" (func $label)))
