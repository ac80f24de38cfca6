;; Never answers: every label function loops for ever. Only whoever hosts the thread can end it, which is what the tests of
;; deadlines and of the page's worker look at.
(module
  (memory (export "memory") 2)
  (func $spin (param i32 i32 i32 i32) (result i32)
    (loop $again (br $again))
    (unreachable))
  (export "label_agent" (func $spin))
  (export "label_resource" (func $spin))
  (export "label_response" (func $spin)))
