;; A guard that catches every exception, the host's own included, and goes on as if nothing had happened: an abort or the end of a
;; speculative run must not turn into labels. It asks twice; the answer is [the number of exceptions, the last result].
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"items\":[{\"data\":[?,?],\"labels\":{\"secrecy\":[],\"integrity\":[]}}]}") ;; 65 bytes
  (data (i32.const 96) "ab{}")
  (func $try (param $tool i32) (result i32)
    (try (result i32)
      (do (call $ask (local.get $tool) (i32.const 1) (i32.const 98) (i32.const 2) (i32.const 1024) (i32.const 1000)))
      (catch_all (i32.store8 (i32.const 19) (i32.add (i32.load8_u (i32.const 19)) (i32.const 1))) (i32.const 0))))
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_response") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (i32.store8 (i32.const 19) (i32.const 48))
    (drop (call $try (i32.const 96)))
    (i32.store8 (i32.const 21) (i32.add (i32.const 48) (call $try (i32.const 97))))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 65))
    (i32.const 65)))
