/**
 * What monitoring systems ask for.
 *
 * @module
 */
import type { StoreMetrics, TypeMetrics } from '../history';
import type { SortedSet } from './btree';
import { Entry } from './entry';
import { readySince } from './history';
import type { JobTable } from './job-table';
import { countsOf, histogramOf, RUN, WAIT } from './tally';

/** @param waiting The workers that asked for jobs */
export function metricsOf(table: JobTable, waiting: Iterable<string>, now: number): StoreMetrics {
  // Without a prototype: a type may be called `constructor`.
  const types: Record<string, TypeMetrics> = Object.create(null);
  for (const [type, { total }] of table.history.read()) {
    types[type] = { ...countsOf(total), wait: histogramOf(total, WAIT), run: histogramOf(total, RUN) };
  }
  const oldestReady: Record<string, number> = Object.create(null);
  for (const [type, ready] of table.ready) {
    const since = oldestOf(type, ready, table);
    if (since !== undefined) oldestReady[type] = Math.max(0, now - since);
  }
  return { types, workers: new Set([...waiting, ...table.byWorker.keys()]).size, oldestReady };
}

/** Since when the oldest of the jobs could run that are the next of their priority. */
function oldestOf(type: string, ready: SortedSet<Entry>, { entries }: JobTable): number | undefined {
  let oldest: number | undefined;
  let next = ready.minKey();
  while (next) {
    const since = readySince(next, (id) => entries.get(id));
    oldest = oldest === undefined ? since : Math.min(oldest, since);
    next = ready.keys(behind(type, next.priority)).next().value as Entry | undefined;
  }
  return oldest;
}

/** Stands behind all jobs of this priority. */
function behind(type: string, priority: number): Entry {
  const last = Number.POSITIVE_INFINITY;
  return new Entry('', type, last, 0, { id: '', type, priority, order: last, maxAttempts: 1, maxCrashes: 1 });
}
