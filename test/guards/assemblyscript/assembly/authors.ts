// The authors that the backend was asked about, with their roles; failures are kept too.
import { ask } from "./host";
import { Kind, parse, quote } from "./json";

class Role {
  constructor(
    readonly isKnown: bool,
    readonly name: string,
  ) {}
}

const roles = new Map<string, Role>();
const failed = new Role(false, "unknown");

export function forget(): void {
  roles.clear();
}

export function count(): i32 {
  return roles.size;
}

/** `isKnown` is false when the backend failed. */
export function roleOf(login: string): Role {
  if (!roles.has(login)) roles.set(login, askRole(login));
  return roles.get(login);
}

export { Role };

function askRole(login: string): Role {
  const found = ask("get_user", '{"login":' + quote(login) + "}");
  if (found === null) return failed;
  const result = parse(found);
  if (result === null) return failed;
  const content = result.member("content");
  if (content.kind != Kind.List || content.items.length == 0) return failed;
  const user = parse(content.items[0].member("text").or(""));
  if (user === null) return failed;
  const role = user.member("role");
  return role.kind == Kind.Text ? new Role(true, role.text) : failed;
}
