// JSON as a tree that is read line by line: folded, one tab stop, arrow keys inside; items of the response carry what became of them.
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { NodeView, PartView, Side } from "../protocol.ts";
import { LabelChips } from "./labels.tsx";
import { type Ask, LazyText } from "./lazy-text.tsx";
import { Marked } from "./marked.tsx";

/** A place to open the tree at. */
export interface Place {
  readonly part: number;
  readonly pointer: string;
  readonly positions: readonly number[];
}

interface TreeProps {
  readonly ask: Ask;
  readonly call: number;
  readonly side: Side;
  readonly parts: readonly PartView[];
  readonly label: string;
  /** What to mark. */
  readonly search: string;
  readonly place: Place | undefined;
}

interface Line {
  readonly id: string;
  readonly part: number;
  readonly node: NodeView;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly parent: string | undefined;
}

const idOf = (part: number, { pointer, run }: Pick<NodeView, "pointer" | "run">) =>
  `${part} ${pointer}${run === undefined ? "" : ` ${run.join("-")}`}`;

const opens = (node: NodeView) => node.size > 0 || node.cut;

type Children = ReadonlyMap<string, readonly NodeView[]>;

/** The lines that show: the parts, and what is inside the open ones. */
function linesOf(parts: readonly PartView[], open: ReadonlySet<string>, children: Children): readonly Line[] {
  const lines: Line[] = [];
  const add = (part: number, nodes: readonly NodeView[], level: number, parent: string | undefined) => {
    nodes.forEach((node, at) => {
      const id = idOf(part, node);
      lines.push({ id, part, node, level, position: at + 1, siblings: nodes.length, parent });
      if (open.has(id)) add(part, children.get(id) ?? [], level + 1, id);
    });
  };
  parts.forEach(({ root }, part) => {
    add(part, [root], 1, undefined);
  });
  return lines;
}

function Row({ line, open, search }: { readonly line: Line; readonly open: boolean; readonly search: string }) {
  const { key, type, preview, size, run, item } = line.node;
  const count = type === "array" ? `[${size.toLocaleString("en")}]` : `{${size.toLocaleString("en")}}`;
  return (
    <div class="pp-line-row">
      <span class="pp-json-key">
        <Marked text={key} search={search} />
      </span>
      {(size > 0 || type === "object" || type === "array") && run === undefined && (
        <span class="pp-json-count">{count}</span>
      )}
      {!(open && size > 0) && preview !== "" && (
        <span class={`pp-json-value pp-json-${type}`}>
          <Marked text={preview} search={search} />
        </span>
      )}
      {item !== undefined && (
        <span class="pp-json-verdict" data-shown={item.visible}>
          {item.visible ? "Visible" : `Hidden${item.violations.length > 0 ? `: ${item.violations.join(" and ")}` : ""}`}
        </span>
      )}
    </div>
  );
}

export function JsonTree({ ask, call, side, parts, label, search, place }: TreeProps): ComponentChild {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [children, setChildren] = useState<Children>(new Map());
  const [active, setActive] = useState("0 ");
  const tree = useRef<HTMLDivElement>(null);
  const known = useRef<Children>(children);

  /** Loads what is inside a node, once. */
  async function load(part: number, node: Pick<NodeView, "pointer" | "run">): Promise<readonly NodeView[]> {
    const id = idOf(part, node);
    const found = known.current.get(id);
    if (found !== undefined) return found;
    const nodes = await ask({ type: "nodes", call, side, part, pointer: node.pointer, run: node.run });
    known.current = new Map(known.current).set(id, nodes);
    setChildren(known.current);
    return nodes;
  }

  function toggle({ id, part, node }: Line, wanted = !open.has(id)): void {
    const next = new Set(open);
    if (wanted) next.add(id);
    else next.delete(id);
    setOpen(next);
    if (wanted && node.size > 0) load(part, node).catch(() => undefined); // a newer report brings its own tree
  }

  function focus(id: string | undefined): void {
    if (id === undefined) return;
    setActive(id);
    tree.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(id)}"]`)?.focus();
  }

  // The first level is worth a request at once, unless there is nothing to choose from.
  useEffect(() => {
    const first = parts.findIndex(({ root }) => root.size > 0);
    if (first === -1) return;
    setOpen(new Set([`${first} `]));
    load(first, parts[first]!.root).catch(() => undefined);
  }, [parts]);

  useEffect(() => {
    if (place === undefined) return;
    let current = true;
    const reveal = async () => {
      const { part, positions } = place;
      const opened: string[] = [];
      let at: NodeView = parts[part]!.root;
      for (const position of positions) {
        do {
          opened.push(idOf(part, at));
          const inside: readonly NodeView[] = await load(part, at);
          const run = inside.find((node) => node.run && node.run[0] <= position && position < node.run[1]);
          at = run ?? inside[position - (at.run?.[0] ?? 0)]!;
        } while (at.run !== undefined);
      }
      if (!current) return;
      setOpen((before) => new Set([...before, ...opened]));
      setActive(idOf(part, at));
      requestAnimationFrame(() => {
        const line = tree.current?.querySelector(`[data-line="${CSS.escape(idOf(part, at))}"]`);
        line?.scrollIntoView({ block: "nearest" });
      });
    };
    reveal().catch(() => undefined);
    return () => {
      current = false;
    };
  }, [place]);

  const lines = linesOf(parts, open, children);
  const current = lines.find(({ id }) => id === active) ?? lines[0];

  function key(event: KeyboardEvent): void {
    const at = lines.indexOf(current!);
    const isOpen = open.has(current!.id);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") focus(lines[at + 1]?.id);
    else if (event.key === "ArrowUp") focus(lines[at - 1]?.id);
    else if (event.key === "Home") focus(lines[0]?.id);
    else if (event.key === "End") focus(lines.at(-1)?.id);
    else if (event.key === "ArrowRight" && opens(current!.node))
      if (isOpen) focus(lines[at + 1]?.parent === current!.id ? lines[at + 1]?.id : undefined);
      else toggle(current!, true);
    else if (event.key === "ArrowLeft")
      if (isOpen) toggle(current!, false);
      else focus(current!.parent);
    else if (event.key === "Enter" || event.key === " ") toggle(current!);
    else return;
    event.preventDefault();
  }

  return (
    <div class="pp-tree" role="tree" aria-label={label} ref={tree} onKeyDown={key} tabIndex={-1}>
      {lines.map((line) => {
        const { id, node, part, level, position, siblings } = line;
        const isOpen = open.has(id);
        const indent = Math.min(level - 1, 12);
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it takes the keys
          <div
            key={id}
            class="pp-line"
            data-line={id}
            data-indent={indent}
            data-shown={node.item?.visible}
            role="treeitem"
            aria-level={level}
            aria-posinset={position}
            aria-setsize={siblings}
            aria-selected={id === current?.id}
            aria-expanded={opens(node) ? isOpen : undefined}
            tabIndex={id === current?.id ? 0 : -1}
            style={{ "--indent": String(indent) }}
            onClick={(event) => {
              if ((event.target as Element).closest(".pp-inside")) return;
              setActive(id);
              if (opens(node)) toggle(line);
            }}
          >
            <Row line={line} open={isOpen} search={search} />
            {isOpen && node.item !== undefined && (
              <div class="pp-inside pp-meta">
                <LabelChips labels={node.item} />
                {node.item.reason !== "" && <span>{node.item.reason}</span>}
              </div>
            )}
            {isOpen && node.cut && (
              <div class="pp-inside">
                <LazyText ask={ask} call={call} part={[side, part, node.pointer]} label={`${node.key}, in full`} />
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}
