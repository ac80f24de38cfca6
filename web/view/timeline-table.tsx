// The timeline as a table: what the picture shows, for those who cannot see it or would rather read.
import type { ComponentChild } from "preact";
import type { PreviewView, Provenance, TagHistory } from "../protocol.ts";
import { Chip } from "./labels.tsx";
import { useNavigation } from "./navigation.ts";
import { outcomeText } from "./words.ts";

type Step = Provenance["steps"][number];

const kinds = ["secrecy", "integrity"] as const;

function Cells({ step }: { readonly step: Step }): ComponentChild {
  return kinds.map((kind) => (
    <td key={kind}>
      <Chip kind={kind} tags={step.labels[kind]} added={step.gained[kind]} dropped={step.lost[kind]} />
    </td>
  ));
}

/** What tags did in a call, and what it did to them: `because of private:acme; took approved:acme/* away`. */
function aboutTags({ tags }: Provenance, call: number): string {
  const names = (chosen: (tag: TagHistory) => boolean) => tags.filter(chosen).map(({ tag }) => tag);
  const causes = names(({ consequences }) =>
    consequences.some((consequence) => consequence.call === call && consequence.effect !== "shown"),
  );
  const brought = names(({ gained }) => gained?.by === "response" && gained.call === call);
  const lost = names((tag) => tag.lost?.call === call);
  return [
    causes.length > 0 && `, because of ${causes.join(", ")}`,
    brought.length > 0 && `, brought ${brought.join(", ")}`,
    lost.length > 0 && `, took ${lost.join(", ")} away`,
  ]
    .filter(Boolean)
    .join("");
}

interface TableProps {
  readonly view: PreviewView;
  readonly from: number;
  readonly count: number;
}

export function TimelineTable({ view, from, count }: TableProps): ComponentChild {
  const { goTo } = useNavigation();
  const { provenance, calls } = view;
  const steps = new Map(provenance.steps.map((step) => [step.call, step]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a name for a table that scrolls, not a set of form fields
    <div class="pp-scroll" tabIndex={0} role="group" aria-label="The session as a table">
      <table class="pp-table">
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">Came to</th>
            <th scope="col">Agent’s secrecy after</th>
            <th scope="col">Agent’s integrity after</th>
          </tr>
        </thead>
        <tbody>
          {from === 0 && (
            <tr>
              <th scope="row">Before the first</th>
              <td />
              <Cells step={steps.get(-1)!} />
            </tr>
          )}
          {calls.slice(from, from + count).map((call) => (
            <tr key={call.index} data-row={call.index}>
              <th scope="row">
                <button type="button" class="pp-link" onClick={() => goTo({ call: call.index })}>
                  {call.index + 1} <span class="pp-mono">{call.tool}</span>
                </button>
              </th>
              <td>
                {outcomeText(call)}
                {aboutTags(provenance, call.index)}
              </td>
              <Cells step={steps.get(call.index)!} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
