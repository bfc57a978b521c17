import { type Files, nodeFiles } from '../files';

/** The calls that can be made to fail. */
export type Call = Exclude<keyof Files, 'platform'>;

/** What happens at a call: nothing (`undefined`), an error of this code, or a write that takes only so many bytes. */
export type Fault = undefined | string | { short: number };

/** Decides over each call, by its name, its arguments and how often this call was made before (from 0). */
export type Plan = (call: Call, args: readonly unknown[], nth: number) => Fault;

/** A file system whose calls are recorded, and fail when the plan says so; whatever does not fail is done for real. */
export interface FaultyFiles extends Files {
  readonly calls: { call: Call; args: readonly unknown[] }[];
  /** Replaces the plan; none: nothing fails. */
  plan: Plan | undefined;
}

/** An error as Node makes them of a failed system call. */
export function systemError(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call });
}

const ASYNC: readonly Call[] = ['readdir', 'statfs', 'read', 'write', 'fdatasync', 'fsync', 'syncDir'];

/** Wraps a file system (the real one by default). */
export function faultyFiles(plan?: Plan, inner: Files = nodeFiles, platform = inner.platform): FaultyFiles {
  const counts = new Map<Call, number>();
  const state: { plan: Plan | undefined; calls: FaultyFiles['calls'] } = { plan, calls: [] };
  const decide = (call: Call, args: readonly unknown[]): Fault => {
    const nth = counts.get(call) ?? 0;
    counts.set(call, nth + 1);
    state.calls.push({ call, args });
    return state.plan?.(call, args, nth);
  };
  const files = new Proxy(inner, {
    get(target, name: keyof Files | 'calls' | 'plan') {
      if (name === 'calls') return state.calls;
      if (name === 'plan') return state.plan;
      if (name === 'platform') return platform;
      const real = target[name];
      return (...args: unknown[]) => {
        const fault = decide(name, args);
        if (typeof fault === 'string') {
          const error = systemError(fault, name);
          // Whatever it answers, the descriptor is gone, as on Linux: closing it again would close somebody else's.
          if (name === 'closeSync') Reflect.apply(real, target, args);
          if (ASYNC.includes(name)) return Promise.reject(error);
          throw error;
        }
        // The length is the fourth argument of both writes.
        if (fault) args[3] = Math.min(Number(args[3]), fault.short);
        return Reflect.apply(real, target, args);
      };
    },
    set(_target, name, value: Plan | undefined) {
      if (name !== 'plan') return false;
      state.plan = value;
      return true;
    },
  });
  return files as FaultyFiles;
}
