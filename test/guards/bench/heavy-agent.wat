;; Works long on its policy, as a guard does that compiles patterns: label_agent fills 256 KiB and goes over it forty times with what its
;; input holds. label_resource answers with a number out of that memory, so that a state that was put in place can be told from none.
(module
  (memory (export "memory") 6)
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"--------\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (func (export "label_agent") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $round i32) (local $at i32) (local $hash i32) (local $index i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (loop $rounds
      (local.set $at (i32.const 0))
      (loop $words
        (local.set $index (i32.rem_u (local.get $at) (local.get $length)))
        (local.set $hash (i32.mul (i32.const 0x01000193) (i32.xor (local.get $hash)
          (i32.add (i32.load offset=65536 (local.get $at)) (i32.load8_u (i32.add (local.get $in) (local.get $index)))))))
        (i32.store offset=65536 (local.get $at) (local.get $hash))
        (br_if $words (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 262144))))
      (br_if $rounds (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 40))))
    (memory.copy (local.get $out) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param $in i32) (param $length i32) (param $out i32) (param $cap i32) (result i32)
    (local $at i32)
    (memory.copy (local.get $out) (i32.const 128) (i32.const 86))
    (loop $digits
      (i32.store8 (i32.add (i32.add (local.get $out) (i32.const 28)) (local.get $at))
        (i32.add (i32.const 97) (i32.and (i32.load8_u offset=300000 (local.get $at)) (i32.const 15))))
      (br_if $digits (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 8))))
    (i32.const 86))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
