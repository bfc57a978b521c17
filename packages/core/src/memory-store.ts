/**
 * A store in memory: for tests, and for jobs that need not outlive the process.
 *
 * @module
 */
import type { Clock } from './clock';
import { DEFAULT_RETENTION, EngineStore, noLog, type Retention } from './engine/index';

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  clock?: Clock;
  /** How long finished jobs stay; a day or 10,000 jobs by default. */
  retention?: Partial<Retention>;
  /** Largest JSON text of a job's data or result in bytes; 16 MiB by default. */
  maxJobBytes?: number;
  /** Hears of listeners that threw. */
  onError?: (error: unknown) => void;
}

/**
 * Jobs in memory: the same semantics as every other store, gone with the process.
 *
 * @example
 * ```ts
 * const leviathan = new Leviathan({ store: new MemoryStore(), processors: [resize] });
 * ```
 */
export class MemoryStore extends EngineStore {
  constructor(options: MemoryStoreOptions = {}) {
    super({
      capabilities: {
        name: 'memory',
        persistent: false,
        durability: 'none',
        shared: false,
        reorder: true,
        dependencies: true,
        textSearch: true,
        resumableEvents: true,
      },
      log: noLog,
      bodies: {
        read: () => {
          throw new Error('Bodies of a memory store never leave memory.');
        },
      },
      retention: { ...DEFAULT_RETENTION, ...options.retention },
      ...(options.clock && { clock: options.clock }),
      ...(options.maxJobBytes !== undefined && { maxJobBytes: options.maxJobBytes }),
      ...(options.onError && { onError: options.onError }),
    });
  }
}
