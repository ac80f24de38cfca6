// Where a text stops being JSON, and how to mend it; where a path leads in a text. Never throws, never recurses: texts come from strangers.

/** The first thing that is wrong with a JSON text. */
export interface JsonFault {
  /** In UTF-16 units from the beginning. */
  readonly offset: number;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const WORD = /[A-Za-z_$][\w$-]*/y;
const DEEPEST = 500;

interface Scanner {
  readonly text: string;
  at: number;
}

type Expected = "value" | "first-value" | "key" | "first-key" | "more";

/** What is wrong with a text that is no JSON, or nests deeper than 500; undefined when nothing is. */
export function jsonFault(text: string): JsonFault | undefined {
  const scanner: Scanner = { text, at: 0 };
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  for (;;) {
    take(scanner, SPACE);
    const character = text[scanner.at];
    const inside = open.at(-1);
    if (expected === "more") {
      if (inside === undefined) return character === undefined ? undefined : afterEnd(scanner);
      if (character === ",") {
        scanner.at += 1;
        expected = inside === "{" ? "key" : "value";
        continue;
      }
      if (character !== closing(inside)) return notMore(scanner, inside, open);
    }
    if ((expected === "more" || expected.startsWith("first-")) && character === closing(inside)) {
      scanner.at += 1;
      open.pop();
      expected = "more";
      continue;
    }
    if (expected === "key" || expected === "first-key") {
      const fault = readKey(scanner, open);
      if (fault !== undefined) return fault;
      expected = "value";
      continue;
    }
    if (character === "{" || character === "[") {
      if (open.length === DEEPEST) return fault(scanner, `the text nests deeper than ${DEEPEST}; nothing real does`);
      scanner.at += 1;
      open.push(character);
      expected = character === "{" ? "first-key" : "first-value";
      continue;
    }
    const wrong = readScalar(scanner, open);
    if (wrong !== undefined) return wrong;
    expected = "more";
  }
}

/** Line and column of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/**
 * Where a path of an error (`calls[0].expect`, `servers["a b"].policy`) leads in a JSON text; as far as it leads, when its end is missing.
 * Undefined when the text is no JSON.
 */
export function offsetOf(text: string, path: string): number | undefined {
  if (jsonFault(text) !== undefined) return undefined;
  const scanner: Scanner = { text, at: 0 };
  take(scanner, SPACE);
  for (const token of path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([\w-]+)/g)) {
    const before = scanner.at;
    const [, index, quoted, word] = token;
    const key = quoted === undefined ? word : (JSON.parse(`"${quoted}"`) as string);
    const found = index === undefined ? enterKey(scanner, key ?? "") : enterIndex(scanner, Number(index));
    if (!found) return before;
  }
  return scanner.at;
}

function enterKey(scanner: Scanner, wanted: string): boolean {
  if (scanner.text[scanner.at] !== "{") return false;
  let found: number | undefined;
  scanner.at += 1;
  for (;;) {
    take(scanner, SPACE);
    if (scanner.text[scanner.at] !== '"') break;
    const start = scanner.at;
    skipString(scanner);
    const key = JSON.parse(scanner.text.slice(start, scanner.at)) as string;
    take(scanner, SPACE);
    scanner.at += 1;
    take(scanner, SPACE);
    // Of a key that is given twice the last counts.
    if (key === wanted) found = scanner.at;
    skipValue(scanner);
    take(scanner, SPACE);
    if (scanner.text[scanner.at] === ",") scanner.at += 1;
  }
  if (found !== undefined) scanner.at = found;
  return found !== undefined;
}

function enterIndex(scanner: Scanner, wanted: number): boolean {
  if (scanner.text[scanner.at] !== "[") return false;
  scanner.at += 1;
  for (let index = 0; ; index++) {
    take(scanner, SPACE);
    if (scanner.text[scanner.at] === "]") return false;
    if (index === wanted) return true;
    skipValue(scanner);
    take(scanner, SPACE);
    if (scanner.text[scanner.at] === ",") scanner.at += 1;
  }
}

/** Goes past a value of a well-formed text. */
function skipValue(scanner: Scanner): void {
  let depth = 0;
  do {
    const character = scanner.text[scanner.at];
    if (character === '"') {
      skipString(scanner);
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    if (depth > 0 || character === "}" || character === "]") scanner.at += 1;
    else if (take(scanner, SCALAR) === "") scanner.at += 1;
  } while (depth > 0);
}

function skipString(scanner: Scanner): void {
  takeCharacters(scanner);
  scanner.at += 1;
}

/** Goes to the end of a string, or to what may not stand in one. In a loop: one pattern for all of it would need a stack as long as the text. */
function takeCharacters(scanner: Scanner): void {
  scanner.at += 1;
  do take(scanner, PLAIN);
  while (take(scanner, ESCAPE) !== "");
}

function take(scanner: Scanner, pattern: RegExp): string {
  pattern.lastIndex = scanner.at;
  const found = pattern.exec(scanner.text)?.[0] ?? "";
  scanner.at += found.length;
  return found;
}

function closing(inside: "{" | "[" | undefined): string | undefined {
  return inside === undefined ? undefined : inside === "{" ? "}" : "]";
}

function fault({ at: offset }: Scanner, message: string): JsonFault {
  return { offset, message };
}

function readKey(scanner: Scanner, open: readonly string[]): JsonFault | undefined {
  const start = scanner.at;
  const character = scanner.text[start];
  if (character === undefined) return cut(scanner, open);
  if (character === "}") return fault(scanner, "delete the comma before this bracket");
  if (character !== '"') {
    const common = commonMistake(scanner);
    if (common !== undefined) return common;
    const word = take(scanner, WORD);
    scanner.at = start;
    return fault(scanner, word === "" ? "a key in double quotes is expected here" : `write the key as "${word}"`);
  }
  const wrong = readString(scanner);
  if (wrong !== undefined) return wrong;
  take(scanner, SPACE);
  if (scanner.text[scanner.at] === undefined) return cut(scanner, open);
  if (scanner.text[scanner.at] !== ":") return fault(scanner, "a colon is expected between a key and its value");
  scanner.at += 1;
  return undefined;
}

function readScalar(scanner: Scanner, open: readonly string[]): JsonFault | undefined {
  const character = scanner.text[scanner.at];
  if (character === undefined) return cut(scanner, open);
  if (character === '"') return readString(scanner);
  if (take(scanner, SCALAR) !== "") return undefined;
  if (character === "]" || character === "}") {
    const isAfterComma = scanner.text.slice(0, scanner.at).trimEnd().endsWith(",");
    return fault(
      scanner,
      isAfterComma ? "delete the comma before this bracket" : "a value is missing before this bracket",
    );
  }
  if (character === ",") return fault(scanner, "a value is missing before this comma");
  const common = commonMistake(scanner);
  if (common !== undefined) return common;
  if (/[-+.\d]/.test(character))
    return fault(scanner, "this is no number as JSON writes them, such as 12, -0.5 or 1e3");
  const start = scanner.at;
  const word = take(scanner, WORD);
  scanner.at = start;
  if (word === "") return fault(scanner, "a value is expected here");
  const known: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null", undefined: "null" };
  const mend = Object.hasOwn(known, word) ? `write ${known[word]}` : `write it in double quotes if it is text`;
  return fault(scanner, `JSON does not know the word ${word.slice(0, 40)}; ${mend}`);
}

function readString(scanner: Scanner): JsonFault | undefined {
  const start = scanner.at;
  takeCharacters(scanner);
  const character = scanner.text[scanner.at];
  if (character === '"') {
    scanner.at += 1;
    return undefined;
  }
  if (character === undefined) return { offset: start, message: "this text never ends; close it with a double quote" };
  if (character === "\n" || character === "\r") {
    return fault(scanner, "a text ends on its own line; close it with a double quote, or write the line break as \\n");
  }
  if (character === "\\") return fault(scanner, "JSON does not know this escape; write a backslash as \\\\");
  return fault(scanner, "a control character may not stand in a text; write it as \\u and four digits");
}

function commonMistake(scanner: Scanner): JsonFault | undefined {
  const { text, at } = scanner;
  const character = text[at];
  if (character === "'") return fault(scanner, "write double quotes in place of single ones");
  if (character === "`") return fault(scanner, "write double quotes in place of backticks");
  if (character === "\u201c" || character === "\u201d")
    return fault(scanner, "write plain double quotes in place of curly ones");
  if (character === "/" && (text[at + 1] === "/" || text[at + 1] === "*"))
    return fault(scanner, "JSON has no comments, delete this one");
  return character === "#" ? fault(scanner, "JSON has no comments, delete this one") : undefined;
}

function afterEnd(scanner: Scanner): JsonFault {
  const common = commonMistake(scanner);
  return (
    common ??
    fault(scanner, "the value has ended before this; delete what follows, or write one value per line for a log")
  );
}

function notMore(scanner: Scanner, inside: "{" | "[", open: readonly string[]): JsonFault {
  const character = scanner.text[scanner.at];
  if (character === undefined) return cut(scanner, open);
  if (character === "}" || character === "]")
    return fault(scanner, `this bracket closes nothing; "${closing(inside)}" is expected`);
  const common = commonMistake(scanner);
  return common ?? fault(scanner, `a comma or "${closing(inside)}" is missing before this`);
}

function cut(scanner: Scanner, open: readonly string[]): JsonFault {
  if (open.length === 0) return fault(scanner, "there is nothing here; a JSON value is expected");
  const missing = [...open].reverse().map((bracket) => closing(bracket as "{" | "["));
  const shown = missing.length > 8 ? `${missing.slice(0, 8).join("")}…` : missing.join("");
  return fault(scanner, `the text ends too early, it may have been cut; ${shown} is missing at the end`);
}
