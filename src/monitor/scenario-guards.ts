// The guards that a scenario names: loaded once each, checked against its digest, closed together.
import { plainText } from "../difc/text.ts";
import type { LogEntry } from "../guard/events.ts";
import type { Guard } from "../guard/guard.ts";
import { type LoadGuardOptions, loadGuard } from "../guard/load.ts";
import { noopGuard } from "../guard/noop.ts";
import type { GuardSource } from "../wasm/source.ts";
import type { ScenarioGuard } from "./scenario.ts";

/** A guard, or where to load it from. */
export type GuardChoice = Guard | GuardSource;

export interface ScenarioGuardOptions {
  /**
   * The guards that the scenario names: by that name, or a function of it. A source is loaded, checked against the
   * scenario's `sha256`, and closed again; a Guard is used as it is and stays open.
   * @default none
   */
  readonly guards?:
    | { readonly [name: string]: GuardChoice }
    | ((name: string, sha256?: string) => GuardChoice | Promise<GuardChoice>);
  /** Aborts the preview. */
  readonly signal?: AbortSignal;
  /** While guards are loaded. */
  readonly onProgress?: NonNullable<LoadGuardOptions["onProgress"]>;
  /** Limits for the guards that the preview loads. */
  readonly limits?: NonNullable<LoadGuardOptions["limits"]>;
  /** Whether the guards that the preview loads count what they burn; then each call's `fuel` says it. @default as for loadGuard */
  readonly fuel?: boolean;
  /** Changes how the guards that the preview loads ask. @default "auto" */
  readonly suspension?: NonNullable<LoadGuardOptions["suspension"]>;
}

export interface ScenarioGuards {
  /**
   * @throws {TypeError} when the guard is not among `guards`
   * @throws {ModuleError} when it cannot be loaded, also when its digest is not the scenario's
   */
  get(wanted: ScenarioGuard): Promise<Guard>;
  /** Closes what was loaded. */
  close(): Promise<void>;
}

export function scenarioGuards(options: ScenarioGuardOptions, log: (entry: LogEntry) => void): ScenarioGuards {
  const loaded: Guard[] = [];
  const byName = new Map<string, Guard>();
  const { guards, signal, onProgress, limits, fuel, suspension } = options;

  async function get(wanted: ScenarioGuard): Promise<Guard> {
    if (wanted === "noop") return noopGuard();
    const { wasm: name, sha256 } = wanted;
    const key = `${sha256 ?? ""} ${name}`;
    const known = byName.get(key);
    if (known !== undefined) return known;
    const named = (
      typeof guards === "function" ? guards(name, sha256) : guards && Object.hasOwn(guards, name) && guards[name]
    ) as unknown;
    const choice = (await named) as GuardChoice | false | undefined;
    if (choice === undefined || choice === false) {
      throw new TypeError(`Cannot preview the scenario: its guard "${plainText(name)}" is not among "guards"`);
    }
    let guard: Guard;
    if (isGuard(choice)) guard = choice;
    else {
      guard = await loadGuard(choice, {
        name: name.replace(/^.*\//, "").replace(/\.wasm$/, ""),
        log,
        ...(sha256 !== undefined && { integrity: `sha256-${hexToBase64(sha256)}` }),
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        ...(limits && { limits }),
        ...(fuel !== undefined && { fuel }),
        ...(suspension && { suspension }),
      });
      loaded.push(guard);
    }
    byName.set(key, guard);
    return guard;
  }

  return {
    get,
    async close() {
      await Promise.all(loaded.map((guard) => guard.close()));
    },
  };
}

function isGuard(choice: GuardChoice): choice is Guard {
  return typeof (choice as Partial<Guard>).labelResource === "function";
}

function hexToBase64(hex: string): string {
  return btoa(hex.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))));
}
