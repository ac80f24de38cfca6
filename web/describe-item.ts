// A line for people about an item of any shape: what it is called and who made it. Guesses from common keys, never fails.

const titleKeys = [
  "title",
  "full_name",
  "name",
  "path",
  "message",
  "summary",
  "filename",
  "login",
  "tag_name",
  "body",
  "text",
  "description",
];
const authorKeys = ["user", "author", "owner", "creator", "actor", "sender"];
const longest = 140;

function own(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as { [key: string]: unknown })[key]
    : undefined;
}

function line(value: unknown): string {
  if (typeof value !== "string") return "";
  const first = value.trimStart().split("\n", 1)[0]!.trimEnd().toWellFormed();
  return first.length > longest ? `${first.slice(0, longest)}…`.toWellFormed() : first;
}

/** The item's title: the first of the usual keys that holds text, the value itself for a string or number. */
export function itemTitle(data: unknown): string {
  if (typeof data === "string") return line(data);
  if (typeof data !== "object" || data === null) return String(data);
  for (const holder of [data, own(data, "commit")]) {
    for (const key of titleKeys) {
      const found = line(own(holder, key));
      if (found !== "") return found;
    }
  }
  return "";
}

/** Who made the item, with the standing that the server gives them: `octocat, MEMBER`. */
export function itemAuthor(data: unknown): string {
  const standing = line(own(data, "author_association") ?? own(data, "authorAssociation"));
  for (const key of authorKeys) {
    const person = own(data, key);
    const name = line(person) || line(own(person, "login")) || line(own(person, "name"));
    if (name !== "") return standing === "" ? name : `${name}, ${standing}`;
  }
  return standing;
}
