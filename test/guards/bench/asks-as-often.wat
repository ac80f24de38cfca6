;; label_resource asks the backend one different question per "?" in its input: tool "q", arguments {"n":"AAA"} with letters that count up;
;; answers constants. For the cost by the number of questions.
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17)
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 384) "q")
  (data (i32.const 400) "{\"n\":\"AAA\"}")
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32)
    (memory.copy (local.get 2) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param $at i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $end i32) (local $n i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 63))
          (then
            (i32.store8 (i32.const 406) (i32.add (i32.const 65) (i32.div_u (local.get $n) (i32.const 400))))
            (i32.store8 (i32.const 407) (i32.add (i32.const 65) (i32.rem_u (i32.div_u (local.get $n) (i32.const 20)) (i32.const 20))))
            (i32.store8 (i32.const 408) (i32.add (i32.const 65) (i32.rem_u (local.get $n) (i32.const 20))))
            (drop (call $ask (i32.const 384) (i32.const 1) (i32.const 400) (i32.const 11) (i32.const 512) (i32.const 256)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (memory.copy (local.get $out) (i32.const 128) (i32.const 78))
    (i32.const 78))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
