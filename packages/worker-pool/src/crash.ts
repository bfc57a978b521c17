/**
 * The error of the jobs whose worker ended.
 *
 * @module
 */
import {
  CpuLimitError,
  type Isolation,
  type LeviathanError,
  MemoryLimitError,
  WorkerCrashError,
} from '@leviathan/core';
import type { Ending } from './carrier';

/** What the attempts of a worker failed of that came to this end by itself. */
export function crashOf({ limit, signal, exitCode, error }: Ending, { memory, cpuTime }: Isolation): LeviathanError {
  const cause = error === undefined ? {} : { cause: error };
  if (limit === 'memory') return new MemoryLimitError(memory, cause);
  if (limit === 'cpu') return new CpuLimitError(cpuTime ?? 0);
  if (error !== undefined) return new WorkerCrashError(messageOf(error), { ...cause, exitCode });
  const how = signal === undefined ? `it exited with code ${exitCode}` : `it was killed by ${signal}`;
  return new WorkerCrashError(how, { exitCode, signal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
