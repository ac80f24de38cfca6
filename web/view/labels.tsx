// Labels as chips: the kind in words and in colour, then its tags; an empty label says what it means.
import type { Labels } from "edge-guard";
import type { ComponentChild } from "preact";

type Kind = keyof Labels;

const meaningOfEmpty: { readonly [kind in Kind]: string } = { secrecy: "public", integrity: "untrusted" };

interface ChipProps {
  readonly kind: Kind;
  readonly tags: readonly string[];
  /** Tags that are new here, and tags that are gone. */
  readonly added?: readonly string[];
  readonly dropped?: readonly string[];
}

export function Chip({ kind, tags, added = [], dropped = [] }: ChipProps): ComponentChild {
  return (
    <span class={`pp-chip pp-${kind}`}>
      <span class="pp-kind">{kind}</span>
      {tags.length === 0 && dropped.length === 0 && <span class="pp-tag pp-empty">{meaningOfEmpty[kind]}</span>}
      {tags.map((tag) =>
        added.includes(tag) ? (
          <ins class="pp-tag" key={tag}>
            <span aria-hidden="true">+</span>
            {tag}
          </ins>
        ) : (
          <span class="pp-tag" key={tag}>
            {tag}
          </span>
        ),
      )}
      {dropped.map((tag) => (
        <del class="pp-tag" key={tag}>
          {tag}
        </del>
      ))}
    </span>
  );
}

/** Both labels of something. */
export function LabelChips({ labels }: { readonly labels: Labels }): ComponentChild {
  return (
    <span class="pp-chips">
      <Chip kind="secrecy" tags={labels.secrecy} />
      <Chip kind="integrity" tags={labels.integrity} />
    </span>
  );
}

/** The agent's labels around a call: once when they stayed, else with what came and what went. */
export function AgentLabels({ before, after }: { readonly before: Labels; readonly after: Labels }): ComponentChild {
  const difference = (kind: Kind, from: Labels, to: Labels) => to[kind].filter((tag) => !from[kind].includes(tag));
  const changed = (["secrecy", "integrity"] as const).some(
    (kind) => difference(kind, before, after).length + difference(kind, after, before).length > 0,
  );
  if (!changed) {
    return (
      <p class="pp-agent">
        <span class="pp-lead">Agent, unchanged</span>
        <LabelChips labels={after} />
      </p>
    );
  }
  return (
    <p class="pp-agent">
      <span class="pp-lead">Agent before</span>
      <LabelChips labels={before} />
      <span class="pp-lead">after</span>
      <span class="pp-chips">
        {(["secrecy", "integrity"] as const).map((kind) => (
          <Chip
            key={kind}
            kind={kind}
            tags={after[kind]}
            added={difference(kind, before, after)}
            dropped={difference(kind, after, before)}
          />
        ))}
      </span>
    </p>
  );
}
