;; "asker" with 160 more pages (10 MB) of memory, for the cost of a checkpoint by its size: label_resource asks the backend one question, "lookup" with the arguments {}, into a buffer of 256 bytes, and answers with a description
;; "yes" when it was answered with the JSON text true, "none" when the question failed. label_agent answers a constant.
;; For backends on the other side of a worker.
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 162)
  (data (i32.const 0) "{\"agent\":{\"secrecy\":[],\"integrity\":[]},\"difc_mode\":\"filter\"}")
  (data (i32.const 128) "{\"resource\":{\"description\":\"none\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 256) "{\"resource\":{\"description\":\"yes!\",\"secrecy\":[],\"integrity\":[]},\"operation\":\"read\"}")
  (data (i32.const 384) "lookup")
  (data (i32.const 400) "{}")
  (func (export "label_agent") (param i32 i32 i32 i32) (result i32)
    (memory.copy (local.get 2) (i32.const 0) (i32.const 60))
    (i32.const 60))
  (func (export "label_resource") (param i32 i32 i32 i32) (result i32)
    (local $n i32)
    (local.set $n (call $ask (i32.const 384) (i32.const 6) (i32.const 400) (i32.const 2) (i32.const 512) (i32.const 256)))
    ;; 4 bytes that read "true"
    (memory.copy (local.get 2)
      (select (i32.const 256) (i32.const 128)
        (i32.and (i32.eq (local.get $n) (i32.const 4)) (i32.eq (i32.load (i32.const 512)) (i32.const 0x65757274))))
      (i32.const 82))
    (i32.const 82))
  (func (export "label_response") (param i32 i32 i32 i32) (result i32) (unreachable)))
