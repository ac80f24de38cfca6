// Files to and from the user's disk, and texts to the clipboard.

/** A file's name for a title: letters and digits, the rest as hyphens. */
export function fileName(title: string | undefined): string {
  const words = (typeof title === "string" ? title : "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return `${words || "scenario"}.json`;
}

/** Saves a text under a name, as the browser saves downloads. */
export function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Resolves to whether the text is on the clipboard; a browser may refuse. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
