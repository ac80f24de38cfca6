;; An Extism plugin that asks its host: "ask_one" once, "ask_many" 95 times, each time with its input block; the last answer is its output.
(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "ask" (func $ask (param i64) (result i64)))
  (memory (export "memory") 1)
  (func $ask_times (param $times i32) (result i32)
    (local $answer i64)
    (loop $next
      (local.set $answer (call $ask (call $input_offset)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $next (local.get $times)))
    (call $output_set (local.get $answer) (call $length (local.get $answer)))
    (i32.const 0))
  (func (export "ask_one") (result i32) (call $ask_times (i32.const 1)))
  (func (export "ask_many") (result i32) (call $ask_times (i32.const 95))))
