// What is known of a URL: which bytes it gave, until when that holds, and how to ask whether it still does.

/** One URL's last answer. */
export interface AddressRecord {
  /** SHA-256 of the bytes in lower-case hexadecimal. */
  readonly digest: string;
  /** When the server was last asked, and until when its answer need not be questioned; in milliseconds since 1970. */
  readonly checked: number;
  readonly fresh: number;
  readonly etag?: string;
  readonly modified?: string;
}

/** What an answer says of itself; `undefined` when it must not be kept. */
export function describeAnswer(headers: Headers, digest: string, now: number): AddressRecord | undefined {
  const control = (headers.get("cache-control") ?? "").toLowerCase();
  if (/(^|[\s,])no-store\b/.test(control) || headers.get("vary")?.trim() === "*") return undefined;
  const seconds = /(^|[\s,])no-cache\b/.test(control)
    ? 0
    : Number(/(?:^|[\s,])max-age="?(\d+)/.exec(control)?.[1] ?? 0);
  const age = Number(headers.get("age") ?? 0) || 0;
  const etag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    digest,
    checked: now,
    fresh: now + Math.max(0, seconds - age) * 1000,
    ...(etag === null ? {} : { etag }),
    ...(modified === null ? {} : { modified }),
  };
}

/** Whether the server need not be asked. A clock that was set back makes everything stale. */
export const isFresh = ({ checked, fresh }: AddressRecord, now: number): boolean => checked <= now && now < fresh;

/** The headers that turn a request into a question whether the bytes have changed; empty when there is nothing to ask by. */
export function conditions({ etag, modified }: AddressRecord): Record<string, string> {
  if (etag !== undefined) return { "if-none-match": etag };
  return modified === undefined ? {} : { "if-modified-since": modified };
}

/** Reads a stored record; `undefined` when it is none, whatever the store gave back. */
export function parseRecord(bytes: Uint8Array): AddressRecord | undefined {
  try {
    const { digest, checked, fresh, etag, modified } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
    if (!Number.isFinite(checked) || !Number.isFinite(fresh)) return undefined;
    const isText = (value: unknown): boolean =>
      value === undefined || (typeof value === "string" && /^[\x20-\x7e]*$/.test(value));
    if (!isText(etag) || !isText(modified)) return undefined;
    return {
      digest,
      checked,
      fresh,
      ...(etag === undefined ? {} : { etag }),
      ...(modified === undefined ? {} : { modified }),
    };
  } catch {
    return undefined;
  }
}
