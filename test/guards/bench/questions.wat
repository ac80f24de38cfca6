;; label_resource asks the backend 95 different questions, one after the other: tool "q", arguments {"n":"AA"} … with two letters that count up,
;; and answers with constant labels. label_agent and label_response answer constants. For the cost of asynchronous backends.
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17)
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 384) "q")
  (data (i32.const 400) "{\"n\":\"AA\"}")
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32)
    (memory.copy (local.get 2) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32)
    (local $i i32)
    (loop $next
      (i32.store8 (i32.const 406) (i32.add (i32.const 65) (i32.div_u (local.get $i) (i32.const 10))))
      (i32.store8 (i32.const 407) (i32.add (i32.const 65) (i32.rem_u (local.get $i) (i32.const 10))))
      (drop (call $ask (i32.const 384) (i32.const 1) (i32.const 400) (i32.const 10) (i32.const 512) (i32.const 256)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 95))))
    (memory.copy (local.get 2) (i32.const 128) (i32.const 78))
    (i32.const 78))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
