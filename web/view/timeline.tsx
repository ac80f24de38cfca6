// The session as a picture: calls from left to right, a lane for each tag of the agent from where it came to where it went, and what it decided.
import type { ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CallView, PreviewView, TagHistory } from "../protocol.ts";
import { Lanes, Legend } from "./lanes.tsx";
import { lazy } from "./lazy.tsx";
import { Fold, useName } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import { outcomeNames, plural } from "./words.ts";

const details = () => import("./details.ts");
const TagCard = lazy(() => details().then((part) => part.TagCard));
const TimelineTable = lazy(() => details().then((part) => part.TimelineTable));

const callsAtOnce = 40;
const tagsAtOnce = 10;
const narrowestColumn = 92;

/** Whether there is something to tell about a tag beyond that the agent has it. */
function isTelling({ gained, lost, consequences }: TagHistory): boolean {
  return gained?.by === "response" || lost !== undefined || consequences.some(({ effect }) => effect !== "shown");
}

/** Tags that changed or decided something, then the others, each in their order; secrecy stays before integrity. */
function chosenTags(tags: readonly TagHistory[], all: boolean): readonly TagHistory[] {
  if (all || tags.length <= tagsAtOnce) return tags;
  const chosen = new Set([...tags.filter(isTelling), ...tags].slice(0, tagsAtOnce));
  return tags.filter((tag) => chosen.has(tag));
}

function useWidth(): readonly [{ readonly current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.floor(box.current?.clientWidth ?? 0));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

function Steps({ calls, column }: { readonly calls: readonly CallView[]; readonly column: number }): ComponentChild {
  const { goTo } = useNavigation();
  return (
    <ol class="pp-steps" aria-label="Calls in order">
      {calls.map(({ index, tool, status, counts }) => (
        <li key={index} style={{ width: `${column}px` }}>
          <button type="button" onClick={() => goTo({ call: index })} title={tool}>
            <span class="pp-step">{index + 1}</span> <span class="pp-mono pp-tool">{tool}</span>
            <span class="pp-badge" data-badge={status}>
              {outcomeNames[status]}
              {status === "filtered" && ` ${counts.hidden} of ${counts.items}`}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

interface PagesProps {
  readonly from: number;
  readonly total: number;
  go(from: number): void;
}

function Pages({ from, total, go }: PagesProps): ComponentChild {
  if (total <= callsAtOnce) return null;
  return (
    <p class="pp-more">
      <button type="button" disabled={from === 0} onClick={() => go(Math.max(0, from - callsAtOnce))}>
        Earlier calls
      </button>
      <button type="button" disabled={from + callsAtOnce >= total} onClick={() => go(from + callsAtOnce)}>
        Later calls
      </button>
      <span class="pp-muted">
        Calls {from + 1} to {Math.min(total, from + callsAtOnce)} of {total.toLocaleString("en")}
      </span>
    </p>
  );
}

export function Timeline({ view }: { readonly view: PreviewView }): ComponentChild {
  const { provenance } = view;
  const { tag: selected, showTag, target } = useNavigation();
  const card = useName("pp-tag");
  const [from, setFrom] = useState(0);
  const [all, setAll] = useState(false);
  const [box, width] = useWidth();
  useEffect(() => {
    if (target !== undefined) setFrom(Math.floor(target.call / callsAtOnce) * callsAtOnce);
  }, [target]);

  const calls = view.calls.slice(from, from + callsAtOnce);
  const isSelected = (tag: TagHistory) => selected?.kind === tag.kind && selected.tag === tag.tag;
  const history = provenance.tags.find(isSelected);
  const tags = chosenTags(
    provenance.tags,
    all || (history !== undefined && !chosenTags(provenance.tags, false).includes(history)),
  );
  const column = Math.max(narrowestColumn, Math.min(260, Math.floor(width / Math.max(1, calls.length))));
  return (
    // Not a landmark: a page may hold several previews.
    // biome-ignore lint/a11y/useSemanticElements: a name for a part of the report, not a set of form fields
    <div class="pp-timeline" role="group" aria-label="The session">
      <Pages from={from} total={view.calls.length} go={setFrom} />
      <div class="pp-flow">
        <div class="pp-flow-tags">
          <p class="pp-lead">The agent carries</p>
          <ul aria-label="Tags of the agent">
            {tags.map((tag) => (
              <li key={`${tag.kind} ${tag.tag}`}>
                <button
                  type="button"
                  class={`pp-tag-button pp-${tag.kind}`}
                  aria-expanded={isSelected(tag)}
                  aria-controls={card}
                  title={`${tag.kind} ${tag.tag}`}
                  onClick={() => showTag(isSelected(tag) ? undefined : tag)}
                >
                  <span class="pp-glyph" aria-hidden="true" />
                  <span class="pp-quiet">{tag.kind} </span>
                  <span class="pp-cut">{tag.tag}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        {/* biome-ignore lint/a11y/useSemanticElements: a name for a picture that scrolls, not a set of form fields */}
        <div class="pp-flow-picture" ref={box} tabIndex={0} role="group" aria-label="Calls and tags, a picture">
          <Steps calls={calls} column={column} />
          {width > 0 && tags.length > 0 && (
            <Lanes tags={tags} from={from} count={calls.length} column={column} selected={history} />
          )}
        </div>
      </div>
      {tags.length < provenance.tags.length && (
        <p class="pp-more">
          <button type="button" onClick={() => setAll(true)}>
            Show all {plural(provenance.tags.length, "tag")}
          </button>
        </p>
      )}
      {tags.length > 0 && <Legend />}
      <div id={card}>{history !== undefined && <TagCard history={history} />}</div>
      <Fold name="timeline" summary="The session as a table">
        {() => <TimelineTable view={view} from={from} count={callsAtOnce} />}
      </Fold>
    </div>
  );
}
