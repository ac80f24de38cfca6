;; The core module of a component: (func (text: string) -> string) by the canonical ABI, with a bump allocator that is reset after each call.
(module
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 16))
  (func (export "cabi_realloc") (param $old i32) (param $oldSize i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $top (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))) (i32.const -1))
        (then (unreachable))))
    (memory.copy (local.get $at) (local.get $old) (local.get $oldSize))
    (local.get $at))
  (func (export "echo") (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (i32.const 0))
  (func (export "cabi_post_echo") (param i32) (global.set $top (i32.const 16))))
