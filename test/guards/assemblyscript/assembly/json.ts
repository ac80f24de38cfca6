// JSON as a tree of managed objects.

export const enum Kind {
  Absent,
  Plain,
  Number,
  Text,
  List,
  Object,
}

const noItems: Array<Json> = [];
const noKeys: Array<string> = [];

export class Json {
  kind: Kind = Kind.Absent;
  text: string = "";
  // Shared by all that have none: most values are leaves.
  items: Array<Json> = noItems;
  keys: Array<string> = noKeys;

  member(name: string): Json {
    const index = this.kind == Kind.Object ? this.keys.lastIndexOf(name) : -1;
    return index < 0 ? new Json() : this.items[index];
  }

  or(otherwise: string): string {
    return this.kind == Kind.Text ? this.text : otherwise;
  }

  integer(otherwise: i64): i64 {
    if (this.kind != Kind.Number) return otherwise;
    for (let i = this.text.startsWith("-") ? 1 : 0; i < this.text.length; i++) if (!isDigit(this.text.charCodeAt(i))) return otherwise;
    return I64.parseInt(this.text);
  }
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

/** Reads one value; `null` when the text is something else. */
export function parse(text: string): Json | null {
  const reader = new Reader(text);
  const found = reader.value(0);
  reader.space();
  return reader.failed || reader.at != text.length ? null : found;
}

class Reader {
  at: i32 = 0;
  failed: bool = false;

  constructor(private readonly source: string) {}

  /** The next character's code, 0 at the end. */
  private peek(): i32 {
    return this.at < this.source.length ? this.source.charCodeAt(this.at) : 0;
  }

  space(): void {
    for (let c = this.peek(); c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09; c = this.peek()) this.at++;
  }

  private take(code: i32): bool {
    this.space();
    if (this.peek() != code) return false;
    this.at++;
    return true;
  }

  private fail(found: Json): Json {
    this.failed = true;
    return found;
  }

  value(depth: i32): Json {
    const found = new Json();
    this.space();
    const c = this.peek();
    if (depth > 256) return this.fail(found);
    if (c == 0x22) {
      found.kind = Kind.Text;
      found.text = this.string();
    } else if (c == 0x7b || c == 0x5b) {
      found.kind = c == 0x7b ? Kind.Object : Kind.List;
      this.members(found, c + 2, depth);
    } else if (c == 0x2d || isDigit(c)) {
      found.kind = Kind.Number;
      const begin = this.at;
      for (let d = c; isDigit(d) || d == 0x2b || d == 0x2d || d == 0x2e || d == 0x45 || d == 0x65; d = this.peek()) this.at++;
      found.text = this.source.substring(begin, this.at);
    } else {
      found.kind = Kind.Plain;
      const word = c == 0x74 ? "true" : c == 0x66 ? "false" : "null";
      if (!this.source.startsWith(word, this.at)) return this.fail(found);
      this.at += word.length;
    }
    return found;
  }

  private members(found: Json, close: i32, depth: i32): void {
    this.at++;
    found.items = [];
    if (found.kind == Kind.Object) found.keys = [];
    if (this.take(close)) return;
    do {
      if (found.kind == Kind.Object) {
        this.space();
        found.keys.push(this.string());
        if (!this.take(0x3a)) this.failed = true;
      }
      found.items.push(this.value(depth + 1));
      if (this.failed) return;
    } while (this.take(0x2c));
    if (!this.take(close)) this.failed = true;
  }

  private string(): string {
    if (this.peek() != 0x22) {
      this.failed = true;
      return "";
    }
    let found = "";
    let begin = ++this.at;
    for (let c = this.peek(); c != 0x22; c = this.peek()) {
      if (c < 0x20) {
        this.failed = true;
        return "";
      }
      this.at++;
      if (c != 0x5c) continue;
      found += this.source.substring(begin, this.at - 1) + this.escape();
      begin = this.at;
    }
    found += this.source.substring(begin, this.at++);
    return found;
  }

  private escape(): string {
    const c = this.peek();
    this.at++;
    if (c == 0x75) {
      this.at += 4;
      return String.fromCharCode(<i32>I32.parseInt(this.source.substring(this.at - 4, this.at), 16));
    }
    if (c == 0x6e) return "\n";
    if (c == 0x74) return "\t";
    if (c == 0x72) return "\r";
    if (c == 0x62) return "\b";
    if (c == 0x66) return "\f";
    return String.fromCharCode(c);
  }
}

/** A text as JSON. */
export function quote(text: string): string {
  return '"' + escape(text) + '"';
}

export function escape(text: string): string {
  let found = "";
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0x20 && c != 0x22 && c != 0x5c) continue;
    found += text.substring(begin, i) + "\\u00" + (c < 0x10 ? "0" : "") + c.toString(16);
    begin = i + 1;
  }
  return begin == 0 ? text : found + text.substring(begin);
}
