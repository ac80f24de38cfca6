;; A guard that does what its input says, so that vectors can drive every rule of the ABI as data. The input holds "do":"<script>"
;; and texts "t0":"…" to "t9":"…" ("#" in a text stands for the index of the running loop, a backslash takes the next byte as it is).
;; A script is a row of letters, each with a decimal number behind it where it takes one (0 if there is none). Writing goes to the
;; output buffer, `acc` holds the last result.
;;   w n  write text n            h n  write text n, hexadecimal, as bytes     n  write acc in decimal    b  write the output's capacity
;;   v n  put n as u32 at the output's start                                   z n  say that n bytes were written
;;   R    return what was written r n  return n (r-5 for negative)            + -  do the next letter only if acc >= 0, acc < 0
;;   q n  ask tool text n with arguments text n+1        Q n  ask tool text n with the last answer as arguments
;;   c n  the answer's capacity   C n  the same, in memory of its own          d  write the last answer
;;   B n  ask with one bad parameter (see $bad)          [ n … ]  do n times
;;   ! o / i ^ x  trap: unreachable, out of bounds, division by zero, bad indirect call, endless recursion, uncaught exception
;;   e n  proc_exit(n)            g n  memory.grow(n)                          s n  sleep n milliseconds
;;   l n  log text n%10 at level n/10 (l-10: level -1)   L  log from beyond the memory
;;   W n  write text n%10 to stream n/10                 a  acc is the number of arguments, variables and bytes of stdin
;;   t n  read clock n, in ms     u n  take n random bytes, acc is a sum of them
;;   k    write a counter, half in a global, half in memory, that each k moves on          m  write the bytes that alloc has given out
;;   f    remember in memory that acc was below 0                              F  write what f remembered
;;   p    ask WASI to open a file, acc is the error      y  call a WASI function that nobody has
(module
  (import "env" "call_backend" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "host_log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "no_such_function" (func $nothing (param i32) (result i32)))
  (memory (export "memory") 33)
  (table 2 funcref)
  (tag $wrong)
  (global $acc (mut i32) (i32.const 0))
  (global $from (mut i32) (i32.const 0))      ;; the input
  (global $end (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))       ;; the output, and how much of it is written
  (global $cap (mut i32) (i32.const 0))
  (global $at (mut i32) (i32.const 0))
  (global $index (mut i32) (i32.const -1))    ;; of the running loop
  (global $result (mut i32) (i32.const 0))    ;; the buffer for answers: by default 1 MiB at 1 MiB
  (global $room (mut i32) (i32.const 0))
  (global $heap (mut i32) (i32.const 0x200000))
  (global $live (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (global $pc (mut i32) (i32.const 0))

  (func (export "_initialize"))

  ;; Gives memory from the end; takes back only the last piece.
  (func $alloc (export "alloc") (param $size i32) (result i32)
    (local $pointer i32) (local $need i32)
    (local.set $pointer (global.get $heap))
    (local.set $need (i32.sub (i32.add (local.get $pointer) (local.get $size)) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $need) (i32.const 0))
      (then (if (i32.eq (memory.grow (i32.shr_u (i32.add (local.get $need) (i32.const 65535)) (i32.const 16))) (i32.const -1))
        (then (return (i32.const 0))))))
    (global.set $heap (i32.add (local.get $pointer) (local.get $size)))
    (global.set $live (i32.add (global.get $live) (local.get $size)))
    (local.get $pointer))
  (func (export "dealloc") (param $pointer i32) (param $size i32)
    (global.set $live (i32.sub (global.get $live) (local.get $size)))
    (if (i32.eq (i32.add (local.get $pointer) (local.get $size)) (global.get $heap))
      (then (global.set $heap (local.get $pointer)))))

  ;; Where the value of the key of these two letters begins; 0 when there is none.
  (func $find (param $first i32) (param $second i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $from))
    (loop $next
      (if (i32.ge_u (i32.add (local.get $p) (i32.const 6)) (global.get $end)) (then (return (i32.const 0))))
      (if (i32.and
            (i32.and (i32.eq (i32.load8_u (local.get $p)) (i32.const 34)) (i32.eq (i32.load8_u offset=1 (local.get $p)) (local.get $first)))
            (i32.and (i32.eq (i32.load8_u offset=2 (local.get $p)) (local.get $second))
                     (i32.and (i32.eq (i32.load16_u offset=3 (local.get $p)) (i32.const 0x3a22)) (i32.eq (i32.load8_u offset=5 (local.get $p)) (i32.const 34)))))
        (then (return (i32.add (local.get $p) (i32.const 6)))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Copies text n to a place, escapes undone; gives its length.
  (func $text (param $n i32) (param $to i32) (result i32)
    (local $p i32) (local $c i32) (local $start i32)
    (local.set $start (local.get $to))
    (local.set $p (call $find (i32.const 116) (i32.add (i32.const 48) (local.get $n))))
    (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
    (loop $next
      (local.set $c (i32.load8_u (local.get $p)))
      (if (i32.eq (local.get $c) (i32.const 34)) (then (return (i32.sub (local.get $to) (local.get $start)))))
      (if (i32.and (i32.eq (local.get $c) (i32.const 35)) (i32.ge_s (global.get $index) (i32.const 0)))
        (then (local.set $to (i32.add (local.get $to) (call $decimal (global.get $index) (local.get $to)))))
        (else
          (if (i32.eq (local.get $c) (i32.const 92))
            (then (local.set $p (i32.add (local.get $p) (i32.const 1))) (local.set $c (i32.load8_u (local.get $p)))
                  (if (i32.eq (local.get $c) (i32.const 110)) (then (local.set $c (i32.const 10))))))
          (i32.store8 (local.get $to) (local.get $c))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Writes a signed number in decimal; gives its length.
  (func $decimal (param $value i32) (param $to i32) (result i32)
    (local $start i32) (local $power i32)
    (local.set $start (local.get $to))
    (if (i32.lt_s (local.get $value) (i32.const 0))
      (then (i32.store8 (local.get $to) (i32.const 45)) (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $value (i32.sub (i32.const 0) (local.get $value)))))
    (local.set $power (i32.const 1))
    (block $found (loop $more
      (br_if $found (i32.lt_u (i32.div_u (local.get $value) (local.get $power)) (i32.const 10)))
      (local.set $power (i32.mul (local.get $power) (i32.const 10)))
      (br $more)))
    (loop $digit
      (i32.store8 (local.get $to) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $value) (local.get $power)) (i32.const 10))))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $power (i32.div_u (local.get $power) (i32.const 10)))
      (br_if $digit (local.get $power)))
    (i32.sub (local.get $to) (local.get $start)))

  (func $wrote (param $n i32) (global.set $at (i32.add (global.get $at) (local.get $n))))
  (func $here (result i32) (i32.add (global.get $out) (global.get $at)))
  (func $say (param $value i32) (call $wrote (call $decimal (local.get $value) (call $here))))

  (func $half (param $p i32) (result i32)
    (local $c i32)
    (local.set $c (i32.load8_u (local.get $p)))
    (select (i32.sub (local.get $c) (i32.const 87)) (i32.sub (local.get $c) (i32.const 48)) (i32.ge_u (local.get $c) (i32.const 97))))
  (func $bytes (param $n i32)
    (local $p i32) (local $stop i32)
    (local.set $p (i32.const 0x10000))
    (local.set $stop (i32.add (local.get $p) (call $text (local.get $n) (local.get $p))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $stop)))
      (i32.store8 (call $here) (i32.or (i32.shl (call $half (local.get $p)) (i32.const 4)) (call $half (i32.add (local.get $p) (i32.const 1)))))
      (call $wrote (i32.const 1))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (br $next))))

  (func $question (param $n i32) (result i32)
    (call $ask (i32.const 0x10000) (call $text (local.get $n) (i32.const 0x10000))
               (i32.const 0x40000) (call $text (i32.add (local.get $n) (i32.const 1)) (i32.const 0x40000))
               (global.get $result) (global.get $room)))
  (func $answered (param $code i32)
    (global.set $acc (local.get $code))
    (i32.store (i32.const 2048) (select (local.get $code) (i32.const 0) (i32.gt_s (local.get $code) (i32.const 0)))))

  ;; 0 tool beyond the memory, 1 arguments beyond, 2 answer beyond, 3 a tool of -1 bytes, 4 a capacity of -1, 5 a tool that is not
  ;; UTF-8, 6 arguments that are not, 7 a tool that ends beyond the memory, 8 a blank tool, 9 a pointer of -1
  (func $bad (param $n i32) (result i32)
    (local $tool i32) (local $toolLength i32) (local $args i32) (local $argsLength i32) (local $to i32) (local $cap i32)
    (i32.store (i32.const 3000) (i32.const 0x656d616e)) ;; "name"
    (i32.store (i32.const 3004) (i32.const 0x00ff20c3))
    (local.set $tool (i32.const 3000)) (local.set $toolLength (i32.const 4))
    (local.set $args (i32.const 3000)) (local.set $to (i32.const 0x100000)) (local.set $cap (i32.const 1024))
    (block $go
      (if (i32.eq (local.get $n) (i32.const 0)) (then (local.set $tool (i32.const 0x7fff0000)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 1)) (then (local.set $args (i32.const 0x7fff0000)) (local.set $argsLength (i32.const 2)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 2)) (then (local.set $to (i32.const 0x7fff0000)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 3)) (then (local.set $toolLength (i32.const -1)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 4)) (then (local.set $cap (i32.const -1)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 5)) (then (local.set $tool (i32.const 3004)) (local.set $toolLength (i32.const 1)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 6)) (then (local.set $args (i32.const 3006)) (local.set $argsLength (i32.const 1)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 7)) (then (local.set $tool (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 2))) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 8)) (then (local.set $tool (i32.const 3005)) (local.set $toolLength (i32.const 1)) (br $go)))
      (if (i32.eq (local.get $n) (i32.const 9)) (then (local.set $to (i32.const -1)) (br $go))))
    (call $ask (local.get $tool) (local.get $toolLength) (local.get $args) (local.get $argsLength) (local.get $to) (local.get $cap)))

  (func $sleep (param $milliseconds i32)
    (i64.store (i32.const 1024) (i64.const 7))
    (i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1040) (i32.const 1))
    (i64.store (i32.const 1048) (i64.mul (i64.extend_i32_u (local.get $milliseconds)) (i64.const 1000000)))
    (i64.store (i32.const 1056) (i64.const 0))
    (i64.store (i32.const 1064) (i64.const 0))
    (global.set $acc (call $poll (i32.const 1024) (i32.const 1088) (i32.const 1) (i32.const 1120))))

  (func $recurse (param $n i64) (result i64) (i64.add (call $recurse (i64.add (local.get $n) (i64.const 1))) (local.get $n)))

  ;; The decimal number at $pc, which moves behind it.
  (func $number (result i32)
    (local $value i32) (local $c i32) (local $sign i32)
    (local.set $sign (i32.const 1))
    (if (i32.and (i32.eq (i32.load8_u (global.get $pc)) (i32.const 45)) (i32.lt_u (i32.sub (i32.load8_u offset=1 (global.get $pc)) (i32.const 48)) (i32.const 10)))
      (then (local.set $sign (i32.const -1)) (global.set $pc (i32.add (global.get $pc) (i32.const 1)))))
    (block $done (loop $next
      (local.set $c (i32.sub (i32.load8_u (global.get $pc)) (i32.const 48)))
      (br_if $done (i32.ge_u (local.get $c) (i32.const 10)))
      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10)) (local.get $c)))
      (global.set $pc (i32.add (global.get $pc) (i32.const 1)))
      (br $next)))
    (i32.mul (local.get $value) (local.get $sign)))

  (func $run (export "label_agent") (export "label_resource") (export "label_response")
    (param $in i32) (param $length i32) (param $to i32) (param $limit i32) (result i32)
    (local $op i32) (local $n i32) (local $skip i32) (local $loop i32) (local $times i32)
    (global.set $from (local.get $in))
    (global.set $end (i32.add (local.get $in) (local.get $length)))
    (global.set $out (local.get $to))
    (global.set $cap (local.get $limit))
    (global.set $at (i32.const 0))
    (global.set $acc (i32.const 0))
    (global.set $index (i32.const -1))
    (global.set $result (i32.const 0x100000))
    (global.set $room (i32.const 0x100000))
    (i32.store (i32.const 2048) (i32.const 0))
    (global.set $pc (call $find (i32.const 100) (i32.const 111)))
    (if (i32.eqz (global.get $pc)) (then (return (i32.const -99))))
    (loop $next
      (local.set $op (i32.load8_u (global.get $pc)))
      (if (i32.eq (local.get $op) (i32.const 34)) (then (return (i32.const -98))))
      (global.set $pc (i32.add (global.get $pc) (i32.const 1)))
      ;; + and - decide about the letter behind them
      (if (i32.eq (local.get $op) (i32.const 43)) (then (local.set $skip (i32.lt_s (global.get $acc) (i32.const 0))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 45)) (then (local.set $skip (i32.ge_s (global.get $acc) (i32.const 0))) (br $next)))
      (local.set $n (call $number))
      (if (local.get $skip) (then (local.set $skip (i32.const 0)) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 91)) ;; [
        (then (local.set $loop (global.get $pc)) (local.set $times (local.get $n)) (global.set $index (i32.const 0)) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 93)) ;; ]
        (then (global.set $index (i32.add (global.get $index) (i32.const 1)))
              (if (i32.lt_s (global.get $index) (local.get $times)) (then (global.set $pc (local.get $loop))) (else (global.set $index (i32.const -1))))
              (br $next)))
      (if (i32.eq (local.get $op) (i32.const 119)) (then (call $wrote (call $text (local.get $n) (call $here))) (br $next))) ;; w
      (if (i32.eq (local.get $op) (i32.const 104)) (then (call $bytes (local.get $n)) (br $next))) ;; h
      (if (i32.eq (local.get $op) (i32.const 110)) (then (call $say (global.get $acc)) (br $next))) ;; n
      (if (i32.eq (local.get $op) (i32.const 98)) (then (call $say (global.get $cap)) (br $next))) ;; b
      (if (i32.eq (local.get $op) (i32.const 118)) (then (i32.store (global.get $out) (local.get $n)) (br $next))) ;; v
      (if (i32.eq (local.get $op) (i32.const 122)) (then (global.set $at (local.get $n)) (br $next))) ;; z
      (if (i32.eq (local.get $op) (i32.const 82)) (then (return (global.get $at)))) ;; R
      (if (i32.eq (local.get $op) (i32.const 114)) (then (return (local.get $n)))) ;; r
      (if (i32.eq (local.get $op) (i32.const 113)) (then (call $answered (call $question (local.get $n))) (br $next))) ;; q
      (if (i32.eq (local.get $op) (i32.const 81)) ;; Q
        (then (call $answered (call $ask (i32.const 0x10000) (call $text (local.get $n) (i32.const 0x10000))
                (global.get $result) (i32.load (i32.const 2048)) (global.get $result) (global.get $room))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 99)) (then (global.set $room (local.get $n)) (br $next))) ;; c
      (if (i32.eq (local.get $op) (i32.const 67)) (then (global.set $result (call $alloc (local.get $n))) (global.set $room (local.get $n)) (br $next))) ;; C
      (if (i32.eq (local.get $op) (i32.const 100)) ;; d
        (then (memory.copy (call $here) (global.get $result) (i32.load (i32.const 2048))) (call $wrote (i32.load (i32.const 2048))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 66)) (then (call $answered (call $bad (local.get $n))) (br $next))) ;; B
      (if (i32.eq (local.get $op) (i32.const 33)) (then (unreachable))) ;; !
      (if (i32.eq (local.get $op) (i32.const 111)) (then (global.set $acc (i32.load (i32.const 0x7fff0000))) (br $next))) ;; o
      (if (i32.eq (local.get $op) (i32.const 47)) (then (global.set $acc (i32.div_s (i32.const 1) (local.get $n))) (br $next))) ;; /
      (if (i32.eq (local.get $op) (i32.const 105)) (then (call_indirect (i32.const 1)) (br $next))) ;; i
      (if (i32.eq (local.get $op) (i32.const 94)) (then (drop (call $recurse (i64.const 1))) (br $next))) ;; ^
      (if (i32.eq (local.get $op) (i32.const 120)) (then (throw $wrong))) ;; x
      (if (i32.eq (local.get $op) (i32.const 101)) (then (call $exit (local.get $n)) (br $next))) ;; e
      (if (i32.eq (local.get $op) (i32.const 103)) (then (global.set $acc (memory.grow (local.get $n))) (br $next))) ;; g
      (if (i32.eq (local.get $op) (i32.const 115)) (then (call $sleep (local.get $n)) (br $next))) ;; s
      (if (i32.eq (local.get $op) (i32.const 108)) ;; l
        (then (call $log (i32.div_s (local.get $n) (i32.const 10)) (i32.const 0x10000)
                         (call $text (select (i32.const 0) (i32.rem_s (local.get $n) (i32.const 10)) (i32.lt_s (local.get $n) (i32.const 0))) (i32.const 0x10000))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 76)) (then (call $log (i32.const 1) (i32.const 0x7fff0000) (i32.const 5)) (br $next))) ;; L
      (if (i32.eq (local.get $op) (i32.const 87)) ;; W
        (then (i32.store (i32.const 1024) (i32.const 0x10000))
              (i32.store (i32.const 1028) (call $text (i32.rem_u (local.get $n) (i32.const 10)) (i32.const 0x10000)))
              (global.set $acc (call $write (i32.div_u (local.get $n) (i32.const 10)) (i32.const 1024) (i32.const 1) (i32.const 1032))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 97)) ;; a
        (then (drop (call $args (i32.const 1024) (i32.const 1028))) (drop (call $environ (i32.const 1032) (i32.const 1036)))
              (i32.store (i32.const 1040) (i32.const 0x10000)) (i32.store (i32.const 1044) (i32.const 64))
              (drop (call $read (i32.const 0) (i32.const 1040) (i32.const 1) (i32.const 1048)))
              (global.set $acc (i32.add (i32.load (i32.const 1024)) (i32.add (i32.load (i32.const 1032)) (i32.load (i32.const 1048))))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 116)) ;; t
        (then (global.set $acc (call $clock (local.get $n) (i64.const 0) (i32.const 1024)))
              (if (i32.eqz (global.get $acc)) (then (global.set $acc (i32.and (i32.const 0x7fffffff) (i32.wrap_i64 (i64.div_u (i64.load (i32.const 1024)) (i64.const 1000000)))))))
              (br $next)))
      (if (i32.eq (local.get $op) (i32.const 117)) ;; u
        (then (i64.store (i32.const 0x10000) (i64.const 0))
              (global.set $acc (call $random (i32.const 0x10000) (local.get $n)))
              (if (i32.eqz (global.get $acc)) (then (global.set $acc (i32.and (i32.const 0x7fffffff) (i32.xor (i32.load (i32.const 0x10000)) (i32.load offset=4 (i32.const 0x10000)))))))
              (br $next)))
      (if (i32.eq (local.get $op) (i32.const 107)) ;; k
        (then (global.set $count (i32.add (global.get $count) (i32.const 1)))
              (i32.store (i32.const 2052) (i32.add (i32.load (i32.const 2052)) (i32.const 1)))
              (call $say (i32.add (global.get $count) (i32.mul (i32.const 1000) (i32.load (i32.const 2052))))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 109)) (then (call $say (global.get $live)) (br $next))) ;; m
      (if (i32.eq (local.get $op) (i32.const 102)) (then (if (i32.lt_s (global.get $acc) (i32.const 0)) (then (i32.store (i32.const 2056) (i32.const 1)))) (br $next))) ;; f
      (if (i32.eq (local.get $op) (i32.const 70)) (then (call $say (i32.load (i32.const 2056))) (br $next))) ;; F
      (if (i32.eq (local.get $op) (i32.const 112)) ;; p
        (then (global.set $acc (call $open (i32.const 3) (i32.const 0) (i32.const 3000) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 1024))) (br $next)))
      (if (i32.eq (local.get $op) (i32.const 121)) (then (global.set $acc (call $nothing (i32.const 1))) (br $next))) ;; y
      (return (i32.const -97)))
    (unreachable))
)
