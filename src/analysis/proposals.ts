// Collects policy changes worth trying and puts the likeliest first. Pure.
import { canonicalJson } from "../backend/canonical-json.ts";
import type { PolicyEdit } from "./policy-edits.ts";

/** A change of one server's policy that might help. */
export interface Proposal {
  readonly server: string;
  readonly edits: readonly PolicyEdit[];
}

export interface Proposals {
  /** @param kind changes of one kind compete with each other, kinds take turns */
  add(kind: string, server: string, edits: readonly PolicyEdit[]): void;
  /** What speaks for the most targets first, kind by kind in turn. */
  list(): Proposal[];
}

interface Counted extends Proposal {
  readonly kind: string;
  readonly position: number;
  count: number;
}

const MOST_OF_A_KIND = 12;

export function createProposals(): Proposals {
  const found = new Map<string, Counted>();
  return {
    add(kind, server, edits) {
      if (edits.length === 0) return;
      const key = canonicalJson([server, edits]);
      const known = found.get(key);
      if (known !== undefined) known.count += 1;
      else found.set(key, { kind, server, edits, position: found.size, count: 1 });
    },
    list() {
      const kinds = new Map<string, Counted[]>();
      for (const proposal of found.values()) {
        const key = `${proposal.kind} ${proposal.server}`;
        kinds.set(key, [...(kinds.get(key) ?? []), proposal]);
      }
      const ranked = [...kinds.values()].flatMap((proposals) =>
        proposals
          .sort((a, b) => b.count - a.count || a.position - b.position)
          .slice(0, MOST_OF_A_KIND)
          .map((proposal, rank) => ({ proposal, rank })),
      );
      ranked.sort((a, b) => a.rank - b.rank || a.proposal.position - b.proposal.position);
      return ranked.map(({ proposal: { server, edits } }) => ({ server, edits }));
    },
  };
}
