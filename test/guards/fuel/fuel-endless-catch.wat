;; Catches everything that is thrown into its loop and goes on: only a trap, or a host that throws again and again, ends it.
(module
  (memory (export "memory") 2)
  (func $spin (loop $again (br $again)))
  (func $stubborn (param i32 i32 i32 i32) (result i32)
    (loop $again
      (try (do (call $spin)) (catch_all))
      (try (do (loop $here (br $here))) (catch_all))
      (br $again))
    (i32.const 0))
  (export "label_agent" (func $stubborn))
  (export "label_resource" (func $stubborn))
  (export "label_response" (func $stubborn)))
