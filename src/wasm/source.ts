// Collapses everything that a guard can come from into its bytes or a compiled module.
import { abortError, ModuleError } from "../errors.ts";

/** Where a guard comes from. A string is a URL, resolved against the page's where there is one. */
export type GuardSource =
  | string
  | URL
  | Request
  | Response
  | ArrayBuffer
  | ArrayBufferView
  | WebAssembly.Module
  | Promise<GuardSource>;

/**
 * Progress of a load; `total` in bytes where it is known: not for bodies that came compressed, nor for those of another origin, which
 * does not let us see whether they did. Phases that a load does without are not told: a guard that is in the cache is not downloaded.
 */
export interface LoadProgress {
  readonly phase: "download" | "compile" | "instantiate";
  readonly loaded: number;
  readonly total?: number;
}

export interface SourceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** No guard is this large; a download that goes on beyond it is ended. */
const maximumModuleBytes = 256 * 1024 * 1024;

/** The file's name without its ending, when the source has an address. */
export function nameOf(source: SettledSource): string | undefined {
  const url = isRequest(source) || isResponse(source) ? source.url : source;
  if (typeof url !== "string" && !(url instanceof URL)) return undefined;
  const last = String(url).split(/[?#]/, 1)[0]?.split("/").at(-1) ?? "";
  return last.replace(/\.wasm$/, "") || undefined;
}

function loadFailed(message: string, cause?: unknown): ModuleError {
  return new ModuleError("load-failed", `Cannot load the guard: ${message}`, { cause });
}

function fromView(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  // Shared memory could change between the digest and the compilation.
  return bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
}

/** Reads a response's body with progress. Browsers tell the compressed length of an answer from elsewhere, but not that it is compressed. */
async function readBody(response: Response, options: SourceOptions): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  const isSure = Number.isInteger(declared) && response.type !== "cors" && !response.headers.has("content-encoding");
  const total = isSure ? declared : undefined;
  // A length that a proxy or a cross-origin answer got wrong is no total.
  const report = (loaded: number, whole = total): void =>
    options.onProgress?.({
      phase: "download",
      loaded,
      ...(whole === undefined || loaded > whole ? {} : { total: whole }),
    });
  if (response.body === null) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  const abort = (): void => void reader.cancel(options.signal?.reason).catch(() => {});
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let loaded = 0;
    report(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
      if (done) break;
      chunks.push(value);
      loaded += value.length;
      if (loaded > maximumModuleBytes) throw loadFailed(`it is larger than ${maximumModuleBytes} bytes`);
      report(loaded);
    }
    if (total !== loaded) report(loaded, loaded);
    const bytes = new Uint8Array(loaded);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    reader.cancel().catch(() => {});
  }
}

/** The address that a request leads to. Throws ModuleError `load-failed` when it is none. */
export function addressOf(request: string | URL | Request): string {
  try {
    const base = (globalThis as { location?: { href?: string } }).location?.href;
    return isRequest(request) ? request.url : new URL(request, base).href;
  } catch (cause) {
    throw loadFailed(
      `"${String(request)}" is not an absolute URL; pass the bytes of the file, or load it through edge-guard/node`,
      cause,
    );
  }
}

/** Sends a request, with more headers if there are any. Throws ModuleError `load-failed`, or what the signal says. */
export async function send(
  request: string | URL | Request,
  options: SourceOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const more = Object.entries(headers);
  const init: RequestInit = options.signal ? { signal: options.signal } : {};
  if (more.length > 0) init.headers = isRequest(request) ? [...request.headers, ...more] : more;
  try {
    return await (options.fetch ?? fetch)(isRequest(request) ? request : addressOf(request), init);
  } catch (cause) {
    if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
    if (cause instanceof ModuleError) throw cause;
    throw loadFailed(
      `"${addressOf(request)}" could not be fetched; where fetch cannot read files, pass the bytes or load it through edge-guard/node`,
      cause,
    );
  }
}

/** Reads a guard's bytes out of a response. Throws ModuleError `load-failed`, or what the signal says. */
export async function download(response: Response, options: SourceOptions): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.ok) throw loadFailed(`"${response.url}" answered with status ${response.status}`);
  if (response.bodyUsed) throw loadFailed("the response's body was already read; pass a clone of it");
  try {
    return await readBody(response, options);
  } catch (cause) {
    if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
    if (cause instanceof ModuleError) throw cause;
    throw loadFailed("the download broke off", cause);
  }
}

/** Asked first, because in Node the mere mention of Request or Response loads all of fetch, which takes longer than to load a guard. */
const hasHeaders = (value: unknown): boolean => typeof value === "object" && value !== null && "headers" in value;
export const isRequest = (value: unknown): value is Request =>
  hasHeaders(value) && typeof Request === "function" && value instanceof Request;
export const isResponse = (value: unknown): value is Response =>
  hasHeaders(value) && typeof Response === "function" && value instanceof Response;

/** The kinds of source that are left when promises are settled and views are made alike. */
export type SettledSource = string | URL | Request | Response | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/**
 * Settles a source and makes its kinds fewer; nothing is fetched yet.
 *
 * @throws {TypeError} when it is none of the kinds of {@link GuardSource}.
 * @throws {AbortError} when the signal fires.
 */
export async function settleSource(source: GuardSource, signal: AbortSignal | undefined): Promise<SettledSource> {
  // The type is recursive through Promise, which await cannot resolve.
  const settled = (await (source as Promise<unknown>)) as Exclude<GuardSource, Promise<GuardSource>>;
  if (signal?.aborted) throw abortError(signal.reason, { phase: "load" });
  if (ArrayBuffer.isView(settled)) return fromView(settled);
  if (settled instanceof ArrayBuffer || Object.prototype.toString.call(settled) === "[object ArrayBuffer]") {
    return new Uint8Array(settled as ArrayBuffer);
  }
  if (
    typeof settled === "string" ||
    settled instanceof URL ||
    settled instanceof WebAssembly.Module ||
    isRequest(settled) ||
    isResponse(settled)
  ) {
    return settled;
  }
  throw new TypeError(
    'Cannot load the guard: "source" must be a URL, Request, Response, ArrayBuffer, view or WebAssembly.Module',
  );
}
