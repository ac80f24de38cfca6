;; Two functions call each other through a table, for ever.
(module
  (type $label (func (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (table funcref (elem $ping $pong))
  (func $ping (type $label)
    (return_call_indirect (type $label) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 1)))
  (func $pong (type $label)
    (return_call_indirect (type $label) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0)))
  (export "label_agent" (func $ping))
  (export "label_resource" (func $ping))
  (export "label_response" (func $ping)))
