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

/** Progress of a load; `total` in bytes where it is known. */
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

export interface ResolvedSource {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly module?: WebAssembly.Module;
  /** The file's name without its ending, when the source has one. */
  readonly name?: string;
}

/** No guard is this large; a download that goes on beyond it is ended. */
const maximumModuleBytes = 256 * 1024 * 1024;

function fileName(url: string): string | undefined {
  const last = url.split(/[?#]/, 1)[0]?.split("/").at(-1) ?? "";
  const name = last.replace(/\.wasm$/, "");
  return name === "" ? undefined : name;
}

function loadFailed(message: string, cause?: unknown): ModuleError {
  return new ModuleError("load-failed", `Cannot load the guard: ${message}`, { cause });
}

function fromView(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  // Shared memory could change between the digest and the compilation.
  return bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
}

/** Reads a response's body with progress; the total is unknown when the body is compressed. */
export async function readBody(response: Response, options: SourceOptions): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  const total = response.headers.has("content-encoding") || !Number.isInteger(declared) ? undefined : declared;
  const report = (loaded: number): void =>
    options.onProgress?.({ phase: "download", loaded, ...(total === undefined ? {} : { total }) });
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

async function fromRequest(request: string | URL | Request, options: SourceOptions): Promise<ResolvedSource> {
  let address: string;
  try {
    const base = (globalThis as { location?: { href?: string } }).location?.href;
    address = request instanceof Request ? request.url : new URL(request, base).href;
  } catch (cause) {
    throw loadFailed(
      `"${String(request)}" is not an absolute URL; pass the bytes of the file, or load it through edge-guard/node`,
      cause,
    );
  }
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(
      request instanceof Request ? request : address,
      options.signal ? { signal: options.signal } : {},
    );
  } catch (cause) {
    if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
    throw loadFailed(
      `"${address}" could not be fetched; where fetch cannot read files, pass the bytes or load it through edge-guard/node`,
      cause,
    );
  }
  return { ...(await fromResponse(response, options)), ...named(fileName(address)) };
}

const named = (name: string | undefined): { name?: string } => (name === undefined ? {} : { name });

async function fromResponse(response: Response, options: SourceOptions): Promise<ResolvedSource> {
  if (!response.ok) throw loadFailed(`"${response.url}" answered with status ${response.status}`);
  if (response.bodyUsed) throw loadFailed("the response's body was already read; pass a clone of it");
  try {
    return { bytes: await readBody(response, options), ...named(fileName(response.url)) };
  } catch (cause) {
    if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
    if (cause instanceof ModuleError) throw cause;
    throw loadFailed("the download broke off", cause);
  }
}

/**
 * Resolves a source to bytes or to a module.
 *
 * @throws {TypeError} when it is none of the kinds of {@link GuardSource}.
 * @throws {ModuleError} `load-failed` when it cannot be fetched.
 * @throws {AbortError} when the signal fires.
 */
export async function resolveSource(source: GuardSource, options: SourceOptions = {}): Promise<ResolvedSource> {
  // The type is recursive through Promise, which await cannot resolve.
  const settled = (await (source as Promise<unknown>)) as Exclude<GuardSource, Promise<GuardSource>>;
  if (options.signal?.aborted) throw abortError(options.signal.reason, { phase: "load" });
  if (settled instanceof WebAssembly.Module) return { module: settled };
  if (
    typeof settled === "string" ||
    settled instanceof URL ||
    (typeof Request === "function" && settled instanceof Request)
  ) {
    return fromRequest(settled, options);
  }
  if (typeof Response === "function" && settled instanceof Response) return fromResponse(settled, options);
  if (ArrayBuffer.isView(settled)) return { bytes: fromView(settled) };
  if (settled instanceof ArrayBuffer || Object.prototype.toString.call(settled) === "[object ArrayBuffer]") {
    return { bytes: new Uint8Array(settled as ArrayBuffer) };
  }
  throw new TypeError(
    'Cannot load the guard: "source" must be a URL, Request, Response, ArrayBuffer, view or WebAssembly.Module',
  );
}
