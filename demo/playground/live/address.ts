// Which addresses a live connection may go to.

const local = new Set(["localhost", "127.0.0.1"]);

/**
 * The address as a URL.
 *
 * @throws {TypeError} when it is none, or would send credentials in the clear to another machine
 */
export function serverAddress(text: string): URL {
  let address: URL;
  try {
    address = new URL(text.trim());
  } catch {
    throw new TypeError(`Connecting: "${text}" is not an address; give one such as https://example.com/mcp`);
  }
  const { protocol, hostname, username, password } = address;
  if (protocol !== "https:" && !(protocol === "http:" && local.has(hostname)))
    throw new TypeError(`Connecting: "${text}" must begin with https://; http:// is for localhost and 127.0.0.1 only`);
  if (username !== "" || password !== "")
    throw new TypeError("Connecting: the address holds a name or a password; put credentials into the field for them");
  return address;
}
