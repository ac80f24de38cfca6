// The bars that the design sets, as data: what is measured for each is in the rows that name it.

export interface Bar {
  /** In the design's words. */
  readonly what: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit: "x" | "ms" | "bytes" | "exponent";
  /** The design's table, or set where the part was built. */
  readonly from: "design" | "own";
}

export type BarId =
  | "echo-json"
  | "echo-raw"
  | "one-answer"
  | "many-answers"
  | "filter"
  | "filter-linear"
  | "second-load"
  | "large-module"
  | "fuel"
  | "fuel-rewrite"
  | "size-load"
  | "size-load-wasi"
  | "size-root"
  | "size-playground"
  | "load-and-call"
  | "checkpoint"
  | "proxy-near"
  | "proxy-far";

const KB = 1024;

export const bars: Readonly<Record<BarId, Bar>> = {
  "echo-json": {
    what: "echo guard, 1 KB in and out, against a hand-written minimal host doing the same JSON work",
    atMost: 1.15,
    unit: "x",
    from: "design",
  },
  "echo-raw": {
    what: "same, raw path, against Extism's zero-copy call: times faster",
    atLeast: 2,
    unit: "x",
    from: "design",
  },
  "one-answer": {
    what: "one call with one asynchronous backend answer, jspi, against bare jspi",
    atMost: 1.3,
    unit: "x",
    from: "design",
  },
  "many-answers": {
    what: "95 backend questions of 20 ms each, replay against jspi: times faster",
    atLeast: 10,
    unit: "x",
    from: "design",
  },
  filter: {
    what: "filtering 10 000 labelled items, monitor's own time against JSON.parse of the same result",
    atMost: 0.5,
    unit: "x",
    from: "design",
  },
  "filter-linear": {
    what: "filtering stays linear to 100 000 items: exponent of the cost",
    atMost: 1.15,
    unit: "x",
    from: "design",
  },
  "second-load": {
    what: "second load of a cached 280 KB guard over a 50 ms, 10 Mbit/s link, no request: times faster",
    atLeast: 10,
    unit: "x",
    from: "design",
  },
  "large-module": {
    what: "large module in Chromium with the service worker, compiled code reused: times faster",
    atLeast: 2,
    unit: "x",
    from: "design",
  },
  fuel: {
    what: "fuel, against the same guard without, on the sample guard's label_response",
    atMost: 1.25,
    unit: "x",
    from: "design",
  },
  "fuel-rewrite": { what: "counting fuel into 280 KB", atMost: 15, unit: "ms", from: "own" },
  "size-load": {
    what: "loadGuard alone, minified and gzipped, without WASI",
    atMost: 8 * KB,
    unit: "bytes",
    from: "design",
  },
  "size-load-wasi": { what: "loadGuard alone, with WASI", atMost: 13 * KB, unit: "bytes", from: "design" },
  "size-root": { what: "the root with everything", atMost: 30 * KB, unit: "bytes", from: "design" },
  "size-playground": {
    what: "playground's first load without editor and guard",
    atMost: 40 * KB,
    unit: "bytes",
    from: "design",
  },
  "load-and-call": {
    what: "loadGuard of 280 KB and 1000 labelResource calls, against a hand-written host",
    atMost: 1.3,
    unit: "x",
    from: "own",
  },
  checkpoint: { what: "checkpoint and restore, per MB of guest memory", atMost: 1, unit: "ms", from: "own" },
  "proxy-near": {
    what: "guarded proxy on loopback, p50 less labels, against a plain proxy",
    atMost: 1.5,
    unit: "x",
    from: "own",
  },
  "proxy-far": {
    what: "guarded proxy before a server of 30 ms, p50, against a plain proxy",
    atMost: 1.1,
    unit: "x",
    from: "own",
  },
};
