;; Answers what it is asked: label_agent and label_resource copy the input to the output, label_response answers nothing.
;; A bump allocator that never frees; memory may grow. Used where only the way in and out matters.
(module
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 4096))
  (func (export "alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))) (i32.const -1))
        (then (return (i32.const 0)))))
    (local.get $at))
  (func (export "dealloc") (param i32 i32))
  (func $echo (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (if (i32.gt_u (local.get $length) (local.get $cap)) (then (return (i32.const -2))))
    (memory.copy (local.get $out) (local.get $in) (local.get $length))
    (local.get $length))
  (export "label_agent" (func $echo))
  (export "label_resource" (func $echo))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
