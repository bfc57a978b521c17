/**
 * The guard of a child process, as the process sees it.
 *
 * @module
 */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { ChildStart } from '../protocol';

/** What the guard has to know. */
export interface GuardStart {
  /** The process that started this one. */
  parent: number;
  /** Bytes that it may grow by. */
  memory: number | undefined;
  /** Milliseconds of processor time of the whole process at which the attempt that runs has used up its own; 0: no attempt, or no limit. */
  cpuEnd: Float64Array;
  hasLimits: boolean;
}

/** Tells the guard of the attempt that runs. */
export interface CpuBudget {
  begin(): void;
  end(): void;
}

/** Starts a thread that sees to the limits, and to the death of the parent, while a handler blocks this one. */
export function startGuard({ memory, cpuTime }: ChildStart): CpuBudget | undefined {
  const cpuEnd = new Float64Array(new SharedArrayBuffer(8));
  const workerData: GuardStart = {
    parent: process.ppid,
    memory: memory && memory * 2 ** 20,
    cpuEnd,
    hasLimits: memory !== undefined || cpuTime !== undefined,
  };
  const guard = new Worker(new URL('./guard.js', import.meta.url), {
    workerData,
    execArgv: [],
    env: SHARE_ENV,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  guard.unref();
  // Without its guard a process has no limits.
  guard.on('error', endGroup);
  if (cpuTime === undefined) return undefined;
  return {
    begin: () => {
      cpuEnd[0] = cpuMs() + cpuTime;
    },
    end: () => {
      cpuEnd[0] = 0;
    },
  };
}

/** Milliseconds of processor time that this process has used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Ends this process and all that it started. */
export function endGroup(): void {
  try {
    // It leads a group of its own, but on Windows.
    if (process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
