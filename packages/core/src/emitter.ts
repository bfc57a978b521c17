/**
 * Events whose listeners cannot break anything.
 *
 * @module
 */
import { EventEmitter } from 'eventemitter3';
import { isThenable } from './schema';

/** Any function; its own type is checked where it is added. */
type AnyListener = (...args: never[]) => unknown;
type Guarded = (...args: unknown[]) => void;

/** A listener of event `K`: gets the arguments that `Events` lists for it. */
export type ListenerOf<Events, K extends keyof Events> = (
  ...args: Events[K] extends unknown[] ? Events[K] : never
) => unknown;

/**
 * eventemitter3, with each listener guarded: one that throws or rejects is reported to the `error` listeners and keeps no other from
 * its events. An `error` listener that throws is let go: there is nobody left to tell. Nothing happens when an error has no listener.
 */
export class Emitter<Events extends { error: [error: unknown] }> {
  readonly #emitter = new EventEmitter<string>();
  readonly #guards = new WeakMap<AnyListener, Guarded>();
  readonly #errorGuards = new WeakMap<AnyListener, Guarded>();

  on<K extends keyof Events & string>(event: K, listener: ListenerOf<Events, K>): void {
    this.#emitter.on(event, this.#guard(event, listener));
  }

  once<K extends keyof Events & string>(event: K, listener: ListenerOf<Events, K>): void {
    this.#emitter.once(event, this.#guard(event, listener));
  }

  off<K extends keyof Events & string>(event: K, listener: ListenerOf<Events, K>): void {
    const guard = (event === 'error' ? this.#errorGuards : this.#guards).get(listener as AnyListener);
    if (guard) this.#emitter.off(event, guard);
  }

  emit<K extends keyof Events & string>(event: K, ...args: Events[K] extends unknown[] ? Events[K] : never): void {
    this.#emitter.emit(event, ...args);
  }

  /** Whether anybody listens to an event other than `error`. */
  get heard(): boolean {
    return this.#emitter.eventNames().some((name) => name !== 'error');
  }

  clear(): void {
    this.#emitter.removeAllListeners();
  }

  #guard(event: string, listener: unknown): Guarded {
    const call = listener as (...args: unknown[]) => unknown;
    const guards = event === 'error' ? this.#errorGuards : this.#guards;
    let guard = guards.get(call);
    if (!guard) {
      const report = event === 'error' ? () => {} : (error: unknown) => void this.#emitter.emit('error', error);
      guard = (...args) => {
        try {
          const result = call(...args);
          if (isThenable(result)) result.then(undefined, report);
        } catch (error) {
          report(error);
        }
      };
      guards.set(call, guard);
    }
    return guard;
  }
}
