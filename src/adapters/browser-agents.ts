// Agents' labels in IndexedDB, for pages, workers and extensions: one change at a time, across all tabs of an origin.
import { StateError } from "../errors.ts";
import { type AgentState, type AgentStore, emptyState } from "../monitor/state.ts";

export interface BrowserAgentsOptions {
  /** The database's name. @default "edge-guard-agents" */
  readonly name?: string;
}

const STORE = "agents";

/**
 * A store in IndexedDB. Each change holds a Web Lock of its agent, so that changes of one agent come one after the other, whichever tab they
 * come from, while other agents go on; and it reads and writes in one transaction, which alone would keep changes whole where
 * there are no Web Locks (pages over plain http). It resolves when the browser says that the change is on disk.
 */
export function browserAgents(options: BrowserAgentsOptions = {}): AgentStore {
  const { name = "edge-guard-agents" } = options;
  let opening: Promise<IDBDatabase> | undefined;

  const open = (): Promise<IDBDatabase> => {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const forget = (): void => {
          opening = undefined;
        };
        request.result.onclose = forget;
        request.result.onversionchange = () => {
          request.result.close();
          forget();
        };
        resolve(request.result);
      };
    }).catch((cause: unknown) => {
      opening = undefined;
      throw new StateError("Cannot keep agents: IndexedDB could not be opened", { cause });
    });
    return opening;
  };

  /** Settles when the transaction has: what `work` threw, or what it gave. */
  const inTransaction = async <T>(
    work: (store: IDBObjectStore, done: (value: T) => void, fail: (error: unknown) => void) => void,
  ): Promise<T> => {
    const database = await open();
    return new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      let value: T;
      let thrown: { readonly error: unknown } | undefined;
      transaction.oncomplete = () => resolve(value);
      transaction.onabort = () =>
        reject(
          thrown?.error ??
            new StateError("Cannot change the agent's labels: the transaction was aborted", {
              cause: transaction.error,
            }),
        );
      work(
        transaction.objectStore(STORE),
        (result) => {
          value = result;
        },
        (error) => {
          thrown = { error };
          transaction.abort();
        },
      );
    });
  };

  /** A lock outlives no tab: the browser releases it when its holder is gone. */
  const locked = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const { locks } = globalThis.navigator as { readonly locks?: LockManager };
    return locks === undefined ? work() : (locks.request(`edge-guard:${name}:${key}`, work) as Promise<T>);
  };

  return {
    transact: (key, change) =>
      locked(key, () =>
        inTransaction((store, done, fail) => {
          const request = store.get(key);
          request.onsuccess = () => {
            try {
              const { next, value } = change((request.result as AgentState | undefined) ?? emptyState);
              if (next !== undefined) store.put(next, key);
              done(value);
            } catch (error) {
              fail(error);
            }
          };
        }),
      ),
    delete: (key) =>
      locked(key, () =>
        inTransaction<void>((store, done) => {
          store.delete(key);
          done();
        }),
      ),
  };
}
