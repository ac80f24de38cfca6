;; Its _initialize logs "started", and leaves a mark in memory and in a global that is not exported: a warm start must have both, and no log.
(module
  (import "env" "host_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $mark (mut i32) (i32.const 0))
  (data (i32.const 0) "started")
  (data (i32.const 64) "{\"resource\":{\"description\":\"--\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (func (export "_initialize")
    (call $log (i32.const 1) (i32.const 0) (i32.const 7))
    (global.set $mark (i32.add (global.get $mark) (i32.const 65)))
    (i32.store8 (i32.const 40000) (i32.const 66)))
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  ;; the description is "AB" after exactly one _initialize
  (func (export "label_resource") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (memory.copy (local.get $out) (i32.const 64) (i32.const 80))
    (i32.store8 (i32.add (local.get $out) (i32.const 28)) (global.get $mark))
    (i32.store8 (i32.add (local.get $out) (i32.const 29)) (i32.load8_u (i32.const 40000)))
    (i32.const 80))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
