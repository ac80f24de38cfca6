;; A guard that keeps state where a host cannot read it: it sets a table element. So no checkpoint is possible, and questions
;; need JSPI or a repetition of all calls since the start. It counts its calls in memory and asks "t" once in each; the answer is
;; the count and what the backend said.
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (table $calls 2 funcref)
  (elem declare func $count)
  (data (i32.const 0) "{\"items\":[{\"data\":[")      ;; 19 bytes
  (data (i32.const 32) "],\"labels\":{\"secrecy\":[],\"integrity\":[]}}]}") ;; 43 bytes
  (data (i32.const 96) "t{}")
  (func $count (i32.store (i32.const 200) (i32.add (i32.load (i32.const 200)) (i32.const 1))))
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32) (unreachable))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_response") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $got i32) (local $at i32)
    (table.set $calls (i32.const 0) (ref.func $count))
    (call_indirect $calls (i32.const 0))
    (local.set $got (call $ask (i32.const 96) (i32.const 1) (i32.const 97) (i32.const 2) (i32.const 1024) (i32.const 64000)))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 19))
    (local.set $at (i32.add (local.get $out) (i32.const 19)))
    (i32.store8 (local.get $at) (i32.const 49)) ;; 1 and three digits of the count
    (i32.store8 offset=1 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (i32.load (i32.const 200)) (i32.const 100)) (i32.const 10))))
    (i32.store8 offset=2 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (i32.load (i32.const 200)) (i32.const 10)) (i32.const 10))))
    (i32.store8 offset=3 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (i32.load (i32.const 200)) (i32.const 10))))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (if (i32.gt_s (local.get $got) (i32.const 0))
      (then
        (i32.store8 (local.get $at) (i32.const 44))
        (memory.copy (i32.add (local.get $at) (i32.const 1)) (i32.const 1024) (local.get $got))
        (local.set $at (i32.add (i32.add (local.get $at) (i32.const 1)) (local.get $got)))))
    (memory.copy (local.get $at) (i32.const 32) (i32.const 43))
    (i32.sub (i32.add (local.get $at) (i32.const 43)) (local.get $out))))
