;; Keeps the first eight bytes after "name": of its policy, and gives them back as the only item's data: what one session was told must
;; never be seen in another. No allocator and one page, so that thousands of instances are cheap.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")              ;; 60 bytes
  (data (i32.const 128) "{\"items\":[{\"data\":\"--------\",\"labels\":{\"secrecy\":[],\"integrity\":[]}}]}") ;; 70 bytes, the name at 147
  (func (export "label_agent") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $at i32)
    (local.set $at (local.get $in))
    (block $found (loop $seek
      (br_if $found (i32.eq (i32.load (local.get $at)) (i32.const 0x223a2265))) ;; e":"
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $seek)))
    (i64.store (i32.const 147) (i64.load offset=4 (local.get $at)))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32) (i32.const -1))
  (func (export "label_response") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (memory.copy (local.get $out) (i32.const 128) (i32.const 70))
    (i32.const 70)))
