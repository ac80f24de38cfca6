;; Runs away in the way that the first letter of the tool's name says, in label_resource: l a loop, t a loop behind br_table, r recursion,
;; i two functions that call each other through a table, p the same in tail position, f filling memory, q a loop once the backend has
;; answered the question "lookup", b a loop unless it has. w<digit> works for a while, s answers what the backend said. Everything
;; else answers at once. The description counts the calls of this instance, so a call that never was can be told.
(module
  (type $step (func (param i32) (result i32)))
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (table funcref (elem $ping $pong $tail-ping $tail-pong))
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"call 0\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 384) "lookup")
  (data (i32.const 400) "{}")

  (func $loop (loop $again (br $again)))
  (func $table (local $n i32)
    (loop $outer
      (loop $inner
        (local.set $n (i32.xor (local.get $n) (i32.const 1)))
        (block $out (br_table $inner $outer $out (i32.and (local.get $n) (i32.const 1)))))))
  (func $recurse (param i32) (result i32)
    (i32.add (i32.const 1) (call $recurse (i32.add (local.get 0) (i32.const 1)))))
  (func $ping (type $step) (i32.add (i32.const 1) (call_indirect (type $step) (local.get 0) (i32.const 1))))
  (func $pong (type $step) (i32.add (i32.const 1) (call_indirect (type $step) (local.get 0) (i32.const 0))))
  (func $tail-ping (type $step) (return_call_indirect (type $step) (local.get 0) (i32.const 3)))
  (func $tail-pong (type $step) (return_call_indirect (type $step) (local.get 0) (i32.const 2)))
  (func $fill
    (loop $again
      (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536))
      (br $again)))
  (func $work (param $rounds i32) (result i32) (local $sum i32)
    (if (i32.eqz (local.get $rounds)) (then (return (i32.const 0))))
    (loop $again
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $rounds)))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds)))
    (local.get $sum))
  (func $lookup (result i32)
    (call $ask (i32.const 384) (i32.const 6) (i32.const 400) (i32.const 2) (i32.const 512) (i32.const 256)))

  (func (export "label_agent") (param i32 i32 i32 i32) (result i32)
    (memory.copy (local.get 2) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (local $kind i32)
    ;; Behind {"tool_name":"
    (local.set $kind (i32.load8_u offset=14 (local.get 0)))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (local.get $kind) (i32.const 108)) (then (call $loop)))
    (if (i32.eq (local.get $kind) (i32.const 116)) (then (call $table)))
    (if (i32.eq (local.get $kind) (i32.const 114)) (then (drop (call $recurse (i32.const 0)))))
    (if (i32.eq (local.get $kind) (i32.const 105)) (then (drop (call $ping (i32.const 0)))))
    (if (i32.eq (local.get $kind) (i32.const 112)) (then (drop (call $tail-ping (i32.const 0)))))
    (if (i32.eq (local.get $kind) (i32.const 102)) (then (call $fill)))
    (if (i32.eq (local.get $kind) (i32.const 113)) (then (if (i32.gt_s (call $lookup) (i32.const 0)) (then (call $loop)))))
    (if (i32.eq (local.get $kind) (i32.const 98)) (then (if (i32.lt_s (call $lookup) (i32.const 0)) (then (call $loop)))))
    (if (i32.eq (local.get $kind) (i32.const 115))
      (then (drop (call $work (i32.mul (call $lookup) (i32.const 100))))))
    (if (i32.eq (local.get $kind) (i32.const 119))
      (then (drop (call $work (i32.mul (i32.const 10000) (i32.sub (i32.load8_u offset=15 (local.get 0)) (i32.const 48)))))))
    (memory.copy (local.get 2) (i32.const 128) (i32.const 84))
    (i32.store8 offset=33 (local.get 2) (i32.add (i32.const 48) (i32.rem_u (global.get $calls) (i32.const 10))))
    (i32.const 84))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
