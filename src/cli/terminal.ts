// What goes to the terminal: colours where they are wanted, and no character of a stranger's that could do something there.
import process from "node:process";

/** How a run of the command line speaks and ends. */
export interface Terminal {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes a line to standard error. */
  error(line: string): void;
  readonly paint: Paint;
}

export type Colour = "red" | "green" | "yellow" | "bold" | "dim";
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  bold: [1, 22],
  dim: [2, 22],
};

/** Colours only on a terminal, and not when NO_COLOR is set. */
export function createTerminal(): Terminal {
  const colours = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  process.stdout.on("error", ignoreClosedPipe);
  return {
    out: (text) => void process.stdout.write(text),
    error: (line) => void process.stderr.write(`${line}\n`),
    paint: (colour, text) => (colours ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text),
  };
}

// Control, format (bidirectional overrides among them) and line separator characters, and lone surrogates.
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A stranger's text with harmless spellings of what a terminal would act on. */
export function printable(text: string): string {
  return text.replace(HARMFUL, escapeUnits);
}

/** A value as JSON text of which a terminal acts on nothing; still the same JSON. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, replaceErrors, indent) ?? "null";
  // Line feeds outside of strings are our own indentation; inside of strings JSON.stringify has escaped them.
  return text.replace(HARMFUL, (found) => (found === "\n" ? found : escapeUnits(found)));
}

/** A value on one line, cut at a length. */
export function brief(value: unknown, max = 160): string {
  const text = printableJson(value);
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** Columns side by side, the last one as wide as it likes. */
export function table(rows: readonly (readonly string[])[], indent: string): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("  ");
  return rows.map((row) => `${indent}${line(row)}\n`).join("");
}

function escapeUnits(found: string): string {
  let escaped = "";
  for (let index = 0; index < found.length; index++) {
    escaped += `\\u${found.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

/** An Error has no JSON of its own. */
function replaceErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, code } = value as Error & { code?: unknown };
  return { name, ...(code !== undefined && { code }), message };
}

function ignoreClosedPipe(error: Error & { code?: string }): void {
  if (error.code !== "EPIPE") throw error;
}
