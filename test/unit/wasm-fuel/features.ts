// Modules in the text format, each about one feature of control flow or one part of the binary, with the calls that show its result.

export interface Feature {
  readonly name: string;
  readonly wat: string;
  /** An export, its arguments, and its result; "trap" when it traps. */
  readonly calls: readonly (readonly [name: string, values: readonly (number | bigint)[], result: unknown])[];
}

export const features: readonly Feature[] = [
  {
    name: "no function at all",
    wat: `(module (memory (export "memory") 1))`,
    calls: [],
  },
  {
    name: "an import only, exported again",
    wat: `(module (import "env" "log" (func $log (param i32) (result i32))) (export "log" (func $log)))`,
    calls: [["log", [3], 4]],
  },
  {
    name: "the first function, which moves, called, exported, started, named, in a table and in a global",
    wat: `(module
      (import "env" "log" (func $log (param i32) (result i32)))
      (global $count (mut i32) (i32.const 0)) (global $first funcref (ref.func $first))
      (table 3 funcref) (elem (i32.const 0) func $first $second) (elem declare func $first)
      (func $first (export "first") (global.set $count (i32.add (global.get $count) (i32.const 1))))
      (func $second (call $first) (call $first))
      (func (export "count") (result i32) (call $second) (call_indirect (i32.const 0)) (call_indirect (i32.const 1))
        (table.set (i32.const 2) (ref.func $first)) (call_indirect (i32.const 2))
        (drop (call $log (i32.const 1))) (global.get $count))
      (start $first))`,
    calls: [
      ["count", [], 7],
      ["count", [], 13],
      ["first", [], undefined],
    ],
  },
  {
    name: "a loop with parameters and results",
    wat: `(module (func (export "sum") (param i32) (result i32) (local $left i32)
      (local.set $left (local.get 0)) (i32.const 0)
      (loop (param i32) (result i32)
        (i32.add (local.get $left))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if 0 (i32.gt_s (local.get $left) (i32.const 0))))))`,
    calls: [
      ["sum", [1], 1],
      ["sum", [100], 5050],
    ],
  },
  {
    name: "br_table to two loops and out",
    wat: `(module (func (export "walk") (param i32) (result i32) (local $steps i32)
      (loop $outer
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (loop $inner
          (local.set $steps (i32.add (local.get $steps) (i32.const 10)))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (block $out (br_table $inner $outer $out (i32.and (local.get 0) (i32.const 3))))
          (if (i32.gt_s (local.get 0) (i32.const 0)) (then (br $outer)))))
      (local.get $steps)))`,
    calls: [
      ["walk", [0], 11],
      ["walk", [9], 107],
    ],
  },
  {
    name: "a branch with a value out of nested loops, after dead code",
    wat: `(module (func (export "find") (param i32) (result i32) (local $row i32) (local $column i32)
      (block $found (result i32)
        (loop $rows
          (local.set $column (i32.const 0))
          (loop $columns
            (drop (br_if $found (i32.mul (local.get $row) (i32.const 100)) (i32.eq (i32.mul (local.get $row) (local.get $column)) (local.get 0))))
            (local.set $column (i32.add (local.get $column) (i32.const 1)))
            (br_if $columns (i32.lt_s (local.get $column) (i32.const 10))))
          (local.set $row (i32.add (local.get $row) (i32.const 1)))
          (br_if $rows (i32.lt_s (local.get $row) (i32.const 10))))
        (return (i32.const -1)) (unreachable) (loop (br 0)) (i32.const 5))))`,
    calls: [
      ["find", [35], 500],
      ["find", [97], -1],
    ],
  },
  {
    name: "loops that are never taken back, and code after a return",
    wat: `(module (func (export "once") (param i32) (result i32)
      (loop (loop (if (local.get 0) (then (return (i32.const 1)) (loop (br 0)))))) (i32.const 2)))`,
    calls: [
      ["once", [0], 2],
      ["once", [1], 1],
    ],
  },
  {
    name: "multi-value blocks and if with parameters",
    wat: `(module (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
      (func (export "mix") (param i32 i32) (result i32)
        (local.get 0) (local.get 1) (call $swap)
        (if (param i32 i32) (result i32) (i32.eqz (local.get 0)) (then (i32.sub)) (else (call $swap) (i32.sub)))
        (block (param i32) (result i32 i32) (i32.const 2)) (i32.mul)))`,
    calls: [
      ["mix", [0, 3], 6],
      ["mix", [7, 3], 8],
    ],
  },
  {
    name: "recursion, direct and through a table",
    wat: `(module (type $f (func (param i32) (result i32))) (table funcref (elem $even $odd))
      (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func $even (export "even") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))) (else (i32.const 1))))
      (func $odd (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))) (else (i32.const 0)))))`,
    calls: [
      ["fib", [15], 610],
      ["even", [1001], 0],
    ],
  },
  {
    name: "tail calls, direct and through a table, deeper than any stack",
    wat: `(module (type $f (func (param i32 i32) (result i32))) (table funcref (elem $down))
      (func $down (export "down") (param i32 i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
        (if (i32.and (local.get 0) (i32.const 1))
          (then (return_call $down (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1)))))
        (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 2)) (i32.const 0))))`,
    calls: [["down", [300000, 0], 450000]],
  },
  {
    name: "exceptions out of a loop, caught inside and outside",
    wat: `(module (tag $stop (param i32))
      (func $thrower (param i32) (if (i32.gt_s (local.get 0) (i32.const 5)) (then (throw $stop (local.get 0)))))
      (func (export "inside") (result i32) (local $n i32)
        (loop (result i32)
          (try (do (local.set $n (i32.add (local.get $n) (i32.const 1))) (if (i32.eq (local.get $n) (i32.const 7)) (then (throw $stop (i32.const 70)))))
            (catch $stop (return)) (catch_all (unreachable)))
          (br 0)))
      (func (export "outside") (result i32) (local $n i32)
        (try (result i32)
          (do (loop (local.set $n (i32.add (local.get $n) (i32.const 1))) (call $thrower (local.get $n)) (br 0)) (unreachable))
          (catch $stop)))
      (func (export "rethrown") (result i32)
        (try (result i32) (do (try (do (call $thrower (i32.const 9))) (catch_all (rethrow 0))) (i32.const 0)) (catch $stop)))
      (func (export "delegated") (result i32)
        (try $outer (result i32) (do (try (do (call $thrower (i32.const 8))) (delegate $outer)) (i32.const 0)) (catch $stop))))`,
    calls: [
      ["inside", [], 70],
      ["outside", [], 6],
      ["rethrown", [], 9],
      ["delegated", [], 8],
    ],
  },
  {
    name: "bulk memory and passive segments",
    wat: `(module (memory (export "memory") 1) (data $text "abcdefgh")
      (func (export "bulk") (result i32)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 4000))
        (memory.copy (i32.const 5000) (i32.const 0) (i32.const 4000))
        (memory.init $text (i32.const 8999) (i32.const 0) (i32.const 8)) (data.drop $text)
        (i32.add (i32.load8_u (i32.const 8998)) (i32.load8_u (i32.const 9002))))
      (func (export "beyond") (memory.fill (i32.const 0) (i32.const 1) (i32.const 70000))))`,
    calls: [
      ["bulk", [], 101],
      ["beyond", [], "trap"],
    ],
  },
  {
    name: "table instructions",
    wat: `(module (type $f (func (result i32))) (table $t 2 10 funcref) (elem $e func $one $two)
      (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
      (func (export "tables") (result i32)
        (drop (table.grow $t (ref.func $two) (i32.const 3)))
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $e)
        (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 1))
        (table.fill $t (i32.const 4) (ref.func $one) (i32.const 1))
        (i32.add (i32.mul (call_indirect $t (type $f) (i32.const 1)) (i32.const 100))
          (i32.add (i32.mul (call_indirect $t (type $f) (i32.const 3)) (i32.const 10)) (call_indirect $t (type $f) (i32.const 4))))))`,
    calls: [["tables", [], 121]],
  },
  {
    name: "growing memory in a loop up to its maximum",
    wat: `(module (memory 1 5) (func (export "grow") (result i32) (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (memory.size)))`,
    calls: [["grow", [], 5]],
  },
  {
    name: "saturating conversions, sign extension, vectors",
    wat: `(module (func (export "numbers") (param f64) (result i32)
      (i32.add (i32.trunc_sat_f64_s (local.get 0)) (i32.extend8_s (i32.const 255))))
      (func (export "lanes") (param i32) (result i32) (local $v v128)
        (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4)))
        (i32.add (i32x4.extract_lane 3 (local.get $v)) (i32x4.extract_lane 0 (i32x4.mul (local.get $v) (local.get $v))))))`,
    calls: [
      ["numbers", [1e300], 2147483646],
      ["numbers", [Number.NaN], -1],
      ["lanes", [3], 12],
    ],
  },
  {
    name: "an imported memory, table and global before its own",
    wat: `(module (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) (import "env" "base" (global $base i32))
      (global $own (mut i32) (global.get $base)) (data (i32.const 8) "\\2a")
      (func (export "read") (result i32) (i32.add (i32.load8_u (i32.const 8)) (global.get $own))))`,
    calls: [["read", [], 47]],
  },
  {
    name: "a division by zero in a loop",
    wat: `(module (func (export "divide") (param i32) (result i32) (local $sum i32)
      (loop (local.set $sum (i32.add (local.get $sum) (i32.div_s (i32.const 100) (local.get 0))))
        (br_if 0 (i32.ge_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const -1)))) (local.get $sum)))`,
    calls: [["divide", [3], "trap"]],
  },
  {
    name: "a leaf function with a loop, called in a loop",
    wat: `(module (func $skip (param i32) (result i32)
        (loop $on (if (i32.and (local.get 0) (i32.const 7)) (then (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $on)))) (local.get 0))
      (func (export "skip") (param i32) (result i32) (local $n i32)
        (loop (local.set 0 (call $skip (i32.add (local.get 0) (i32.const 1)))) (br_if 0 (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 50))))
        (local.get 0)))`,
    calls: [["skip", [3], 400]],
  },
];
