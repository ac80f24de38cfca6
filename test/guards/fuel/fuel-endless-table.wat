;; Loops for ever behind a br_table that has a way out which is never taken.
(module
  (memory (export "memory") 2)
  (func $turn (param i32 i32 i32 i32) (result i32)
    (loop $outer
      (loop $inner
        (local.set 0 (i32.xor (local.get 0) (i32.const 1)))
        (block $out (br_table $inner $outer $out (i32.and (local.get 0) (i32.const 1))))))
    (i32.const 0))
  (export "label_agent" (func $turn))
  (export "label_resource" (func $turn))
  (export "label_response" (func $turn)))
