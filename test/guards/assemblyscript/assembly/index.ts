// The guard of ../toolchains.md in AssemblyScript.
import * as authors from "./authors";
import { log, TOO_SMALL, write } from "./host";
import { escape, Json, Kind, parse, quote } from "./json";

export { alloc, dealloc } from "./host";

const MALFORMED: i32 = -1;
const NO_POLICY: i32 = -3;

let hasPolicy = false;
let minimum = "";
let scope = "";
let calls = 0;

function tag(level: string): string {
  return quote(level + ":" + scope);
}

function read(input: usize, length: i32): Json | null {
  // The collector takes its time; the last call's garbage and a large input together may be too much.
  if (length > 0x20000) __collect();
  return parse(String.UTF8.decodeUnsafe(input, length));
}

export function label_agent(input: usize, length: i32, output: usize, capacity: i32): i32 {
  const policy = read(input, length);
  if (policy === null) return MALFORMED;
  const only = policy.member("allow-only");
  if (only.kind != Kind.Object) return write(['{"success":false,"error":"The policy has no allow-only object"}'], output, capacity);
  const repos = only.member("repos");
  hasPolicy = true;
  minimum = only.member("min-integrity").or("approved");
  scope = repos.kind == Kind.List ? "listed" : repos.or("public");
  calls = 0;
  authors.forget();
  const normalized = '{"min-integrity":' + quote(minimum) + ',"repos":' + quote(scope) + "}";
  const agent = '{"secrecy":[],"integrity":[' + tag(minimum) + "]}";
  return write(['{"agent":', agent, ',"difc_mode":"filter","normalized_policy":', normalized, "}"], output, capacity);
}

export function label_resource(input: usize, length: i32, output: usize, capacity: i32): i32 {
  const call = read(input, length);
  if (call === null || call.member("tool_name").kind != Kind.Text) return MALFORMED;
  if (!hasPolicy) return NO_POLICY;
  const tool = call.member("tool_name").text;
  const args = call.member("tool_args");
  calls++;
  const levels = ["debug", "info", "warn", "error"];
  for (let level = 0; level < levels.length; level++) log(level, `${levels[level]} ${tool} ${calls}`);
  const description = escape(`${tool} #${calls}, ${authors.count()} authors, ${minimum}:${scope}`);
  const reads = tool.startsWith("get_") || tool.startsWith("list_") || tool.startsWith("search_");
  const rest = '",' + secrecy(args) + ',"integrity":[' + tag(minimum) + ']},"operation":"' + (reads ? "read" : "write") + '"}';
  const parts = ['{"resource":{"description":"', description, perform(tool, args)];
  if (tool == "large") pad(parts, <i32>args.member("size").integer(0));
  parts.push(rest);
  const status = write(parts, output, capacity);
  if (status == TOO_SMALL) calls--;
  return status;
}

export function label_response(input: usize, length: i32, output: usize, capacity: i32): i32 {
  const call = read(input, length);
  if (call === null || call.member("tool_name").kind != Kind.Text) return MALFORMED;
  if (!hasPolicy) return NO_POLICY;
  const result = call.member("tool_result");
  const root = result.kind == Kind.List ? "" : "/items";
  const list = result.kind == Kind.List ? result : result.member("items");
  if (list.kind != Kind.List || list.items.length == 0) return 0;
  const given = secrecy(call.member("tool_args"));
  const paths: string[] = [];
  for (let index = 0; index < list.items.length; index++) {
    log(0, `item ${index}`);
    paths.push('{"path":"' + `${root}/${index}` + '","labels":' + labelItem(list.items[index], given) + "}");
  }
  log(1, `labelled ${list.items.length} items`);
  if (call.member("tool_name").text == "trap") unreachable();
  return write(['{"labeled_paths":[', paths.join(","), '],"items_path":"', root, '"}'], output, capacity);
}

function labelItem(item: Json, given: string): string {
  const login = item.member("user").member("login");
  const association = item.member("author_association").or("");
  let role: authors.Role | null = null;
  if (login.kind == Kind.Text) role = authors.roleOf(login.text);
  const shown = role === null ? "unknown" : role.name;
  const trusted = association == "OWNER" || association == "MEMBER" || association == "COLLABORATOR";
  let integrity = "";
  if (trusted || shown == "member") integrity = tag("approved");
  else if (role !== null && role.isKnown) integrity = tag("unapproved");
  const description = `#${item.member("number").integer(0)} by ${login.or("nobody")} (${shown})`;
  return '{"description":' + quote(description) + "," + given + ',"integrity":[' + integrity + "]}";
}

function secrecy(args: Json): string {
  const owner = args.member("owner");
  const repo = args.member("repo");
  const known = owner.kind == Kind.Text && repo.kind == Kind.Text;
  return '"secrecy":[' + (known ? quote("repo:" + owner.text + "/" + repo.text) : "") + "]";
}

/** What a tool of the table does, and what its description gets. Without WASI there is no clock, no randomness, no exit. */
function perform(tool: string, args: Json): string {
  if (tool == "trap") unreachable();
  if (tool == "recurse") return `; depth ${depth(1)}`;
  if (tool == "large") return "; ";
  const needsWasi = tool == "exit" || tool == "sleep" || tool == "clock" || tool == "random" || tool == "print";
  return needsWasi ? "; unsupported" : "";
}

/** The same part many times: as one text it would take twice as much memory as the answer. */
function pad(parts: string[], size: i32): void {
  const part = "x".repeat(4096);
  for (; size > part.length; size -= part.length) parts.push(part);
  parts.push("x".repeat(size));
}

/** Does not end; the sum afterwards keeps the compiler from making a loop of it. */
function depth(level: i32): i32 {
  return level == 0 ? 0 : depth(level + 1) ^ level;
}
