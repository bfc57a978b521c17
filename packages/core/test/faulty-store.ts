/**
 * A store whose calls fail, or wait, when a test says so. Everything else is the real store's.
 */
import type { JobStore } from '../src/store';

type Method = 'open' | 'add' | 'claim' | 'settle' | 'report' | 'subscribe' | 'get' | 'takeBack' | 'close' | 'health';

export interface FaultyStore {
  store: JobStore;
  /** The next `times` calls of `method` reject with `error`; calls after that work again. */
  fail(method: Method, error: unknown, times?: number): void;
  /** Calls of `method` reject with what `judge` returns for their arguments, unless that is undefined. */
  judge(method: Method, judge: (...args: never[]) => unknown): void;
  /** Calls of `method` wait before they reach the store, until the returned function is called. */
  hold(method: Method): () => void;
  /** The first argument of each call of `method` so far. */
  calls(method: Method): unknown[];
  /** The methods called so far, in order. */
  order: string[];
}

export function faultyStore(inner: JobStore): FaultyStore {
  const faults = new Map<string, unknown[]>();
  const judges = new Map<string, (...args: never[]) => unknown>();
  const gates = new Map<string, Promise<void>>();
  const calls = new Map<string, unknown[]>();
  const order: string[] = [];

  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return async (...args: never[]) => {
        order.push(name);
        calls.set(name, [...(calls.get(name) ?? []), args[0]]);
        const gate = gates.get(name);
        if (gate) await gate;
        const fault = faults.get(name)?.shift();
        if (fault !== undefined) throw fault;
        const verdict = judges.get(name)?.(...args);
        if (verdict !== undefined) throw verdict;
        return member.apply(target, args);
      };
    },
  });

  return {
    store,
    order,
    fail: (method, error, times = 1) => {
      faults.set(method, [...(faults.get(method) ?? []), ...Array.from({ length: times }, () => error)]);
    },
    judge: (method, judge) => void judges.set(method, judge),
    hold: (method) => {
      let open = (): void => {};
      gates.set(
        method,
        new Promise((resolve) => {
          open = () => {
            gates.delete(method);
            resolve();
          };
        }),
      );
      return open;
    },
    calls: (method) => calls.get(method) ?? [],
  };
}
