// What the proxy and the HTTP server around it hand each other past the streams of Request and Response, which in Node take longer than all else.

/** What a server can do for one request, and wants of its answer. */
export interface Direct {
  /**
   * Reads the body at once: `bytes` are `undefined` when there are more than `most`, `stop` says that nobody waits for them any more.
   * Gives `undefined` when somebody has begun to read the body's stream.
   */
  readBytes(most: number): { readonly bytes: Promise<Uint8Array | undefined>; stop(): void } | undefined;
  /** Gets the body of the response that was made for the request, if it is a text. */
  onText(response: Response, text: string): void;
}

// By request and not by response: whatever is the key of a map outlives the next small collections, in Workers along with its text.
const offers = new WeakMap<Request, Direct>();

export function offerDirect(request: Request, direct: Direct): void {
  offers.set(request, direct);
}

/** `undefined` where the server knows only Request and Response. */
export function directOf(request: Request): Direct | undefined {
  return offers.get(request);
}
