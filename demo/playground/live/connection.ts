// The page's end of a live connection: makes the frame when somebody connects, removes it when they are done.
import { serverAddress } from "./address.ts";
import {
  type CallRequest,
  type Connected,
  type ConnectRequest,
  type FromLive,
  portMessage,
  type ToLive,
} from "./messages.ts";

export interface Connection extends Connected {
  /** The server's origin, all that the frame can reach. */
  readonly origin: string;
  /** Calls a tool and gives its MCP result. Rejects when the server cannot be reached or refuses. */
  call(tool: string, args: unknown): Promise<unknown>;
  close(): void;
}

const startMs = 10_000;

/** Waits until the frame is there and gives it a port. */
function openFrame(frame: HTMLIFrameElement): Promise<MessagePort> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      removeEventListener("message", hear);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error("Connecting: the frame that holds connections could not be loaded"));
    }, startMs);
    const hear = ({ source, data }: MessageEvent): void => {
      if (source !== frame.contentWindow || data !== portMessage) return;
      stop();
      const { port1, port2 } = new MessageChannel();
      frame.contentWindow!.postMessage(portMessage, location.origin, [port2]);
      resolve(port1);
    };
    addEventListener("message", hear);
    document.body.append(frame);
  });
}

/**
 * Connects to an MCP server over Streamable HTTP. The credentials are kept by the frame's memory alone and end with it.
 *
 * @throws {TypeError} when the address cannot be used
 */
export async function connect(address: string, authorization: string): Promise<Connection> {
  const { origin } = serverAddress(address);
  const frame = document.createElement("iframe");
  frame.src = "live.html";
  frame.title = "Connection to a live server";
  frame.hidden = true;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  let last = 0;
  let port: MessagePort | undefined;
  const close = (): void => {
    port?.close();
    frame.remove();
    for (const { reject } of waiting.values()) reject(new Error("The connection was closed"));
    waiting.clear();
  };
  const ask = (request: ConnectRequest | CallRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      port!.postMessage({ ...request, id } satisfies ToLive);
    });
  try {
    port = await openFrame(frame);
    port.onmessage = ({ data }: MessageEvent<FromLive>) => {
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if ("failure" in data) asked?.reject(new Error(data.failure));
      else asked?.resolve(data.value);
    };
    const connected = (await ask({ type: "connect", address, authorization })) as Connected;
    return { ...connected, origin, call: (tool, args) => ask({ type: "call", tool, args }), close };
  } catch (error) {
    close();
    throw error;
  }
}
