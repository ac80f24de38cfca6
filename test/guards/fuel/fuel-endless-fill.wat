;; Fills memory for ever, in straight lines of bulk instructions between the loop heads: few instructions, much work.
(module
  (memory (export "memory") 16)
  (func $fill (param i32 i32 i32 i32) (result i32)
    (loop $again
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576))
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 1048575))
      (br $again))
    (i32.const 0))
  (export "label_agent" (func $fill))
  (export "label_resource" (func $fill))
  (export "label_response" (func $fill)))
