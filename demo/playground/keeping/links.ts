// Links that hold the whole scenario, and what they say about the guard they were made with. The coder is loaded when it is needed.
import type { SharedLink, Unshared } from "edge-guard/analysis";
import type { Scenario } from "../scenario.ts";
import type { State } from "../store.ts";

declare const SAMPLE_GUARD_SHA256: string;

/** Digest of the guard that comes with the page. */
export const sampleGuardDigest: string = SAMPLE_GUARD_SHA256;

/** The modules that a scenario names. */
export function guardNames(scenario: Scenario | undefined): readonly string[] {
  const names = Object.values(scenario?.servers ?? {}).flatMap((server) => {
    const wasm = (server?.guard as { readonly wasm?: unknown } | undefined)?.wasm;
    return typeof wasm === "string" ? [wasm] : [];
  });
  return [...new Set(names)];
}

/** The digest of the guard in use under every name that a scenario has for one. */
export function digestsOf(scenario: Scenario, own: State["guard"]): { readonly [name: string]: string } {
  const digest = own?.running ? own.inspection?.sha256 : sampleGuardDigest;
  if (!digest) return {};
  return Object.fromEntries(guardNames(scenario).map((name) => [name, digest]));
}

export const isLink = (hash: string): boolean => hash.startsWith("#d1=");

/** The link's part after the address, or why it would be too long. */
export async function makeLink(scenario: Scenario, own: State["guard"]): Promise<SharedLink> {
  const { encodeShare } = await import("edge-guard/analysis");
  return encodeShare({ scenario, guards: digestsOf(scenario, own) });
}

/** Reads a link; the warnings compare its guards with the one at hand. */
export async function readLink(hash: string): Promise<Unshared> {
  const { decodeShare } = await import("edge-guard/analysis");
  const { scenario, guards } = await decodeShare(hash);
  return decodeShare(hash, { guards: digestsOf(scenario as unknown as Scenario, undefined) }).then((shared) => ({
    ...shared,
    guards,
  }));
}
