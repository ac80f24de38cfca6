// Driver: bytes in IndexedDB. No engine stores a WebAssembly.Module there (DataCloneError), so this saves the network, not the compiling.
import { clear, createStore, del, get, set, type UseStore } from "idb-keyval";
import type { ModuleCache } from "./cache.ts";

export interface IndexedDbCacheOptions {
  /** The database's name; it holds nothing else, and one object store. Default: "edge-guard". */
  readonly database?: string;
}

const storeName = "modules";

/**
 * Keeps modules' bytes in IndexedDB: pages, workers, service workers, also without https. Nothing is opened before it is used.
 * Another tab may delete the database at any time: the connection lets go of it, and opens a new one when it is used again.
 */
export function indexedDbCache({ database = "edge-guard" }: IndexedDbCacheOptions = {}): ModuleCache {
  let opened: UseStore | undefined;
  let connection: IDBDatabase | undefined;

  const close = (): void => {
    connection?.close();
    connection = opened = undefined;
  };

  /** idb-keyval reopens after the browser closed a connection, but not after we did, and it does not give way to a deletion. */
  const open = (): UseStore => {
    if (opened !== undefined) return opened;
    const store = createStore(database, storeName);
    const use: UseStore = (mode, callback) =>
      store(mode, (objects) => {
        const found = objects.transaction.db;
        if (found !== connection) {
          connection = found;
          found.onversionchange = () => {
            found.close();
            if (connection === found) close();
          };
        }
        return callback(objects);
      });
    opened = use;
    return use;
  };

  const attempt = async <T>(action: (store: UseStore) => Promise<T>): Promise<T> => {
    const store = open();
    try {
      return await action(store);
    } catch (error) {
      // A connection that was closed under us (InvalidStateError): once more with a new one.
      if (opened === store) close();
      if ((error as { name?: unknown } | null)?.name !== "InvalidStateError") throw error;
      return action(open());
    }
  };

  return {
    name: "indexeddb",
    get: (key) => attempt((store) => get<Uint8Array<ArrayBuffer>>(key, store)),
    set: (key, bytes) => attempt((store) => set(key, bytes, store)),
    delete: (key) => attempt((store) => del(key, store)),
    clear: () => attempt((store) => clear(store)),
    dispose: close,
  };
}
