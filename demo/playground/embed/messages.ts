// What a page and the preview in its iframe say to each other, through postMessage.
import type { ErrorView, PreviewView } from "edge-guard/web";

export type Theme = "system" | "light" | "dark";

/** From the page that embeds. What a `load` leaves out stays as it is. */
export type ToEmbed =
  | {
      readonly type: "policy-preview:load";
      readonly scenario?: unknown;
      /** A link's part after the address, `#d1=…`, in place of a scenario. */
      readonly link?: string;
      /** A guard for every name that the scenario uses; null goes back to the sample guard. */
      readonly guard?: ArrayBuffer | ArrayBufferView | Blob | WebAssembly.Module | null;
      readonly theme?: Theme;
      /** Values for the element's custom properties, such as `--policy-preview-accent`. */
      readonly properties?: { readonly [name: string]: string };
    }
  /** Asks for the state that there is now. */
  | { readonly type: "policy-preview:get" };

/** To the page that embeds. `ready` goes to any origin and tells nothing; the rest only to the origin that loaded or asked. */
export type FromEmbed =
  | { readonly type: "policy-preview:ready" }
  | { readonly type: "policy-preview:report"; readonly report: PreviewView }
  | { readonly type: "policy-preview:error"; readonly errors: readonly ErrorView[] }
  /** How high the content is, in CSS pixels, so that the frame can follow. */
  | { readonly type: "policy-preview:size"; readonly height: number };
