// A list of any length in a box that scrolls: only the rows near the view are there, in blocks that are fetched when they come close.
import type { ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const blockSize = 20;
/** Until a row was measured. */
const guessedRow = 64;

export interface VirtualListProps<Row> {
  readonly total: number;
  /** The first rows, already there. */
  readonly first: readonly Row[];
  readonly label: string;
  /** A new object drops all blocks; those in view are shown until the new ones are there. */
  readonly version: unknown;
  /** A row to bring into view and focus; a new object each time. */
  readonly target: { readonly row: number } | undefined;
  load(from: number, count: number): Promise<readonly Row[]>;
  keyOf(row: Row): string | number;
  render(row: Row, position: number): ComponentChild;
}

type Blocks<Row> = ReadonlyMap<number, readonly Row[]>;

/** The blocks that these rows fill. */
function blocksOf<Row>(rows: readonly Row[], total: number): Map<number, readonly Row[]> {
  const blocks = new Map<number, readonly Row[]>();
  for (let from = 0; from < rows.length; from += blockSize) {
    const block = rows.slice(from, from + blockSize);
    if (block.length === blockSize || from + block.length === total) blocks.set(from / blockSize, block);
  }
  return blocks;
}

export function VirtualList<Row>(props: VirtualListProps<Row>): ComponentChild {
  const { total, first, label, version, target, load, keyOf, render } = props;
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const heights = useRef(new Map<number, number>());
  const asked = useRef(new Set<number>());
  const atEnd = useRef(false);
  const [rowHeight, setRowHeight] = useState(guessedRow);
  const latest = useRef(version);
  latest.current = version;
  const [blocks, setBlocks] = useState<Blocks<Row>>(() => blocksOf(first, total));
  const [range, setRange] = useState<readonly [from: number, to: number]>([0, 1]);
  const [held, setHeld] = useState<number>();
  const wanted = useRef<number | undefined>(undefined);
  const count = Math.ceil(total / blockSize);

  const rowsOf = (block: number) => Math.min(blockSize, total - block * blockSize);
  function heightOf(block: number): number {
    return heights.current.get(block) ?? rowHeight * rowsOf(block);
  }

  /** The blocks that are in view, one more on either side. */
  function look(): void {
    const { scrollTop, clientHeight, scrollHeight } = box.current!;
    atEnd.current = scrollTop + clientHeight >= scrollHeight - 2;
    let [top, from, to] = [0, 0, 0];
    for (let block = 0; block < count; block++) {
      const bottom = top + heightOf(block);
      if (bottom < scrollTop) from = block + 1;
      if (top <= scrollTop + clientHeight) to = block;
      top = bottom;
    }
    const next = [Math.max(0, from - 1), Math.min(count - 1, to + 1)] as const;
    if (next[0] !== range[0] || next[1] !== range[1]) setRange(next);
  }

  useEffect(() => {
    asked.current = new Set();
    heights.current = new Map();
    const given = blocksOf(first, total);
    for (const block of given.keys()) asked.current.add(block);
    setBlocks((before) => new Map([...[...before].filter(([block]) => block < count), ...given]));
  }, [version]);

  const shown = new Set<number>();
  for (let block = range[0]; block <= Math.min(range[1], count - 1); block++) shown.add(block);
  if (held !== undefined && held < count) shown.add(held);

  useEffect(() => {
    for (const block of shown) {
      if (asked.current.has(block)) continue;
      asked.current.add(block);
      load(block * blockSize, blockSize).then(
        (rows) => latest.current === version && setBlocks((before) => new Map(before).set(block, rows)),
        () => asked.current.delete(block), // a newer report brings its own rows
      );
    }
  });

  useLayoutEffect(() => {
    for (const element of list.current?.children ?? []) {
      const block = Number((element as HTMLElement).dataset["blockEnd"] ?? Number.NaN);
      if (Number.isNaN(block)) continue;
      const start = list.current!.querySelector<HTMLElement>(`[data-block-start="${block}"]`);
      const last = element as HTMLElement;
      if (start) heights.current.set(block, last.offsetTop + last.offsetHeight - start.offsetTop);
    }
    // All rows that were not measured are taken to be like the first ones, so that the length of the list stays as it is while one scrolls.
    const sample = heights.current.get(0);
    if (rowHeight === guessedRow && sample !== undefined) setRowHeight(sample / rowsOf(0));
    if (atEnd.current) box.current!.scrollTop = box.current!.scrollHeight;
    const row = wanted.current;
    if (row === undefined) return;
    const found = list.current!.querySelector<HTMLElement>(`[data-position="${row}"]`);
    if (found === null) return;
    wanted.current = undefined;
    found.scrollIntoView({ block: "nearest" });
    found.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  });

  useEffect(() => {
    if (target === undefined || target.row >= total) return;
    wanted.current = target.row;
    let top = 0;
    const block = Math.floor(target.row / blockSize);
    for (let before = 0; before < block; before++) top += heightOf(before);
    box.current!.scrollTop = top + ((target.row % blockSize) / blockSize) * heightOf(block);
    setHeld(block);
    look();
  }, [target]);

  const parts: ComponentChild[] = [];
  let gap = 0;
  const closeGap = (before: number) => {
    if (gap > 0) parts.push(<li key={`gap ${before}`} aria-hidden="true" style={{ height: `${gap}px` }} />);
    gap = 0;
  };
  for (let block = 0; block < count; block++) {
    const rows = shown.has(block) ? blocks.get(block) : undefined;
    if (rows === undefined || rows.length === 0) {
      gap += heightOf(block);
      continue;
    }
    closeGap(block);
    rows.forEach((row, at) => {
      const position = block * blockSize + at;
      if (position >= total) return;
      parts.push(
        <li
          key={keyOf(row)}
          class="pp-virtual-row"
          aria-posinset={position + 1}
          aria-setsize={total}
          data-position={position}
          data-block-start={at === 0 ? block : undefined}
          data-block-end={at === rows.length - 1 ? block : undefined}
        >
          {render(row, position)}
        </li>,
      );
    });
  }
  closeGap(count);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a name for a box that scrolls, not a set of form fields
    <div
      class="pp-box"
      ref={box}
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={look}
      onFocusIn={(event) => {
        const row = (event.target as HTMLElement).closest<HTMLElement>("[data-position]");
        setHeld(row === null ? undefined : Math.floor(Number(row.dataset["position"]) / blockSize));
      }}
    >
      <ol class="pp-rows" aria-label={label} ref={list}>
        {parts}
      </ol>
    </div>
  );
}
