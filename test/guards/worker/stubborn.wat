;; label_agent remembers that it was called; label_resource spins for ever when its input is longer than 512 bytes, otherwise answers
;; with a description that tells whether label_agent has been called on this instance. For deadlines and replaced workers.
(module
  (memory (export "memory") 2)
  (global $told (mut i32) (i32.const 0))
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"fresh\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 256) "{\"resource\":{\"description\":\"told!\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32)
    (global.set $told (i32.const 1))
    (memory.copy (local.get 2) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32)
    (if (i32.gt_u (local.get 1) (i32.const 512)) (then (loop $spin (br $spin))))
    (memory.copy (local.get 2) (select (i32.const 256) (i32.const 128) (global.get $told)) (i32.const 83))
    (i32.const 83))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
