/** How the workers of a store are doing. */
import type { HealthCheck } from '../health';
import type { JobTable } from './job-table';

/** @param known The workers that asked for jobs */
export function checkWorkers({ byWorker }: JobTable, known: Iterable<string>): HealthCheck {
  const workers = new Set([...known, ...byWorker.keys()]).size;
  let running = 0;
  let stuck = 0;
  for (const held of byWorker.values()) {
    running += held.size;
    for (const entry of held) if (entry.run?.stuck) stuck++;
  }
  const facts = { workers, busy: byWorker.size, running, stuck };
  if (stuck > 0) {
    const message = `${stuck} running ${stuck === 1 ? 'job ignores its' : 'jobs ignore their'} abort signal.`;
    return { name: 'workers', status: 'degraded', message, facts };
  }
  const message = `${count(workers, 'worker')}, ${byWorker.size} busy, ${count(running, 'running job')}.`;
  return { name: 'workers', status: 'ok', message, facts };
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
