;; Calls itself for ever, with next to nothing on the stack of a call: ended by its fuel, or by the end of the stack.
(module
  (memory (export "memory") 2)
  (func $again (param i32 i32 i32 i32) (result i32)
    (i32.add (i32.const 1) (call $again (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
  (export "label_agent" (func $again))
  (export "label_resource" (func $again))
  (export "label_response" (func $again)))
