// What the proxy says of itself: what its servers offer, less everything that it refuses.
import { type JsonObject, own } from "../difc/json.ts";
import { plainText } from "../difc/text.ts";
import { covers } from "./covered.ts";
import type { ExchangeContext } from "./guarded-call.ts";
import { negotiate } from "./inbound.ts";
import { type Answer, HEADER, META, MODERN, objectAt, stringAt } from "./messages.ts";
import { unavailable } from "./tools.ts";
import type { ServerDescription } from "./upstream.ts";

interface Description {
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions?: string;
}

/** initialize: the answer opens a session whose id only tells requests of one client from another's. */
export async function initialize(context: ExchangeContext, params: JsonObject): Promise<Answer> {
  const description = await describe(context);
  if (description === undefined) return unavailable();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const session = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    result: { protocolVersion: negotiate(params), ...description },
    headers: { [HEADER.session]: session },
  };
}

/** server/discover. */
export async function discover(context: ExchangeContext): Promise<Answer> {
  const description = await describe(context);
  if (description === undefined) return unavailable();
  const { serverInfo, ...rest } = description;
  return {
    result: {
      resultType: "complete",
      supportedVersions: [MODERN],
      ...rest,
      ttlMs: 0,
      cacheScope: "private",
      _meta: { [`${META}serverInfo`]: serverInfo },
    },
  };
}

/** Tells whether any server announces changes of its tools. */
export async function announcesChanges(context: ExchangeContext): Promise<boolean> {
  const description = await describe(context);
  return description !== undefined && own(objectAt(description.capabilities, "tools"), "listChanged") === true;
}

async function describe(context: ExchangeContext): Promise<Description | undefined> {
  const { settings, callers, signal } = context;
  const { servers } = settings;
  const asked = await Promise.allSettled(
    servers.map(async (server) => {
      const { connection } = await callers.reach(server, context);
      return {
        server,
        said: await connection.describe(signal),
        hears: connection.listen !== undefined,
      };
    }),
  );
  const known = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  if (known.length === 0) return undefined;
  const withTools = known.filter(({ said }) => own(said.capabilities, "tools") !== undefined);
  const changes = withTools.some(({ said, hears }) => {
    return hears && own(objectAt(said.capabilities, "tools"), "listChanged") === true;
  });
  const instructions = known
    .flatMap(({ server, said }) => (server.trustInstructions && said.instructions ? [said.instructions] : []))
    .join("\n\n");
  return {
    // Made anew from what is known: what a server adds to its abilities does not come through.
    capabilities: {
      ...(withTools.length > 0 && {
        tools: changes ? { listChanged: true } : {},
      }),
      ...(covers(servers, "resource") && { resources: {} }),
      ...(covers(servers, "prompt") && { prompts: {} }),
    },
    serverInfo: settings.serverInfo ?? nameOf(known.length === 1 ? known[0]!.said : undefined),
    ...(instructions !== "" && { instructions }),
  };
}

function nameOf(said: ServerDescription | undefined): JsonObject {
  const name = said && stringAt(said.serverInfo, "name");
  const version = said && stringAt(said.serverInfo, "version");
  return {
    name: plainText(name ?? "", 100) || "edge-guard",
    version: plainText(version ?? "", 50) || "1",
  };
}
