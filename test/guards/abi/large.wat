;; A guard whose answer is as long as the tool's name says, for the -2 protocol and for answers up to the limit. The input's first
;; number is the length; the letter before it says what the guard does when the buffer is smaller: t tells the size with -2,
;; u says -2 without a size, m gives -1 as guards in the field do. No allocator: the host uses pages of its own.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"items\":[{\"data\":\"")       ;; 19 bytes
  (data (i32.const 64) "\",\"labels\":{\"secrecy\":[],\"integrity\":[]}}]}") ;; 43 bytes
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_response") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $wanted i32) (local $mode i32) (local $c i32)
    (loop $seek
      (local.set $c (i32.load8_u (local.get $in)))
      (if (i32.ge_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
        (then (local.set $mode (local.get $c)) (local.set $in (i32.add (local.get $in) (i32.const 1))) (br $seek))))
    (block $end (loop $digit
      (local.set $c (i32.sub (i32.load8_u (local.get $in)) (i32.const 48)))
      (br_if $end (i32.ge_u (local.get $c) (i32.const 10)))
      (local.set $wanted (i32.add (i32.mul (local.get $wanted) (i32.const 10)) (local.get $c)))
      (local.set $in (i32.add (local.get $in) (i32.const 1)))
      (br $digit)))
    (if (i32.gt_u (local.get $wanted) (local.get $cap))
      (then
        (if (i32.eq (local.get $mode) (i32.const 109)) (then (return (i32.const -1))))
        (if (i32.eq (local.get $mode) (i32.const 116)) (then (i32.store (local.get $out) (local.get $wanted))))
        (return (i32.const -2))))
    (memory.fill (local.get $out) (i32.const 97) (local.get $wanted))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 19))
    (memory.copy (i32.sub (i32.add (local.get $out) (local.get $wanted)) (i32.const 43)) (i32.const 64) (i32.const 43))
    (local.get $wanted)))
