/**
 * The places of a worker: how many jobs it may run, in all and of each type.
 *
 * @module
 */
import type { ModuleRunner } from './module-runner';
import type { AnyProcessor } from './processor';

/** Counts running jobs against the limits. */
export class Slots {
  readonly size: number;
  #taken = 0;
  /** Types with a limit below the worker's own, and how many more of each may run. */
  readonly #limited = new Map<string, number>();
  /** What a claim may ask for while no type has a limit of its own: always the same, so it is made once. */
  readonly #open: Record<string, number> = {};

  /** @param modules Runs the handlers that are in modules: a job that it has no room for is better off in the store. */
  constructor(size: number, processors: Iterable<AnyProcessor>, modules?: ModuleRunner) {
    this.size = size;
    for (const processor of processors) {
      const { type, concurrency = size } = processor;
      const capacity = (processor.module && modules?.capacity(processor)) || size;
      this.#open[type] = size;
      const limit = Math.min(concurrency, capacity);
      if (limit < size) this.#limited.set(type, limit);
    }
  }

  get taken(): number {
    return this.#taken;
  }

  get free(): number {
    return this.size - this.#taken;
  }

  take(type: string): void {
    this.#taken++;
    this.#adjust(type, -1);
  }

  release(type: string): void {
    this.#taken--;
    this.#adjust(type, 1);
  }

  /** How many jobs of each type there is room for, types without room left out; `undefined` when that leaves none. */
  types(): Record<string, number> | undefined {
    const types = this.#limited.size === 0 ? this.#open : { ...this.#open };
    for (const [type, room] of this.#limited) {
      if (room > 0) types[type] = room;
      else delete types[type];
    }
    for (const _any in types) return types;
    return undefined;
  }

  /** Whether there is room now for a type that was not `asked` for. */
  hasRoomBeside(asked: Record<string, number>): boolean {
    if (this.free <= 0) return false;
    for (const [type, room] of this.#limited) if (room > 0 && !Object.hasOwn(asked, type)) return true;
    return false;
  }

  #adjust(type: string, by: number): void {
    const room = this.#limited.get(type);
    if (room !== undefined) this.#limited.set(type, room + by);
  }
}
