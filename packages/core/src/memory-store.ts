/**
 * A store in memory: for tests, and for jobs that need not outlive the process.
 *
 * @module
 */
import { type Clock, systemClock } from './clock';
import { DEFAULT_RETENTION, ENGINE_FEATURES, EngineStore, noLog, RecentPast, type Retention } from './engine/index';

import type { MachineProbe } from './resources';

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  clock?: Clock;
  /** How long finished jobs stay; a day or 10,000 jobs by default. */
  retention?: Partial<Retention>;
  /** Largest JSON text of a job's data or result in bytes; 16 MiB by default. */
  maxJobBytes?: number;
  /** Tells gates how the machine is; left out: a gate holds nothing back. */
  machine?: MachineProbe;
  /**
   * How many of the newest records it remembers, for `trail`, `stateAt` and `undo`; 0 (none) by default, since it costs a second index and
   * some 200 bytes for each.
   */
  audit?: number;
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
    const past = options.audit ? new RecentPast(options.audit, (options.clock ?? systemClock).now()) : undefined;
    super({
      capabilities: {
        name: 'memory',
        persistent: false,
        durability: 'none',
        shared: false,
        ...ENGINE_FEATURES,
        audit: past !== undefined,
      },
      log: past ?? noLog,
      ...(past && { past }),
      bodies: {
        read: () => {
          throw new Error('Bodies of a memory store never leave memory.');
        },
      },
      retention: { ...DEFAULT_RETENTION, ...options.retention },
      ...(options.clock && { clock: options.clock }),
      ...(options.maxJobBytes !== undefined && { maxJobBytes: options.maxJobBytes }),
      ...(options.machine && { machine: options.machine }),
      ...(options.onError && { onError: options.onError }),
    });
  }
}
