;; A guard whose start function uses every kind of import, before a host can reach its memory: nothing must crash, and nothing may
;; differ from one instance to the next. The answer holds the four results.
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "host_log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $asked (mut i32) (i32.const 0))
  (global $others (mut i32) (i32.const 0))
  (data (i32.const 0) "{\"items\":[{\"data\":[\"-?\"],\"labels\":{\"secrecy\":[],\"integrity\":[]}}]}")
  (func $begin
    (call $log (i32.const 3) (i32.const 0) (i32.const 4))
    (global.set $asked (call $ask (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 100)))
    (global.set $others (i32.and (i32.and
      (i32.ne (call $random (i32.const 200) (i32.const 8)) (i32.const 0))
      (i32.ne (call $clock (i32.const 0) (i64.const 0) (i32.const 200)) (i32.const 0)))
      (i32.ne (call $args (i32.const 200) (i32.const 204)) (i32.const 0)))))
  (start $begin)
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  ;; "-1" when the question had no answer; the second character is 1 when all of WASI failed
  (func (export "label_response") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (if (i32.eq (global.get $asked) (i32.const -1))
      (then (i32.store8 (i32.const 21) (i32.add (i32.const 48) (global.get $others)))))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 66))
    (i32.const 66)))
