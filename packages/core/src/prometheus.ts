/**
 * A store's counters in Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 *
 * @module
 */
import type { Histogram, HistoryCounts, TypeMetrics } from './history';
import { JOB_STATUSES } from './job';
import type { JobStore } from './store';

/** What a server says of {@link prometheusText} in `Content-Type`. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Upper bounds of the buckets in milliseconds: powers of two up to 18.6 hours, which are bounds of the store's own buckets, too. */
const BOUNDS = Array.from({ length: 27 }, (_, i) => 2 ** i);

const COUNTERS: readonly [field: keyof HistoryCounts, name: string, help: string][] = [
  ['added', 'leviathan_jobs_added_total', 'Jobs that were added.'],
  ['started', 'leviathan_attempts_started_total', 'Attempts that began.'],
  ['completed', 'leviathan_jobs_completed_total', 'Jobs that completed, skipped ones included.'],
  ['failed', 'leviathan_jobs_failed_total', 'Jobs that failed for good or were cancelled.'],
  ['retried', 'leviathan_jobs_retried_total', 'Jobs that went back to pending after a failure or a crash, or by hand.'],
];

type Labels = Record<string, string>;

/**
 * What the store counted since it began, and how many jobs stand where now. Times are in seconds.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * createServer(async (_request, response) => {
 *   response.setHeader('Content-Type', PROMETHEUS_CONTENT_TYPE);
 *   response.end(await prometheusText(store));
 * }).listen(9464);
 * ```
 *
 * @throws StoreError when the store cannot be read.
 */
export async function prometheusText(store: Pick<JobStore, 'counts' | 'metrics'>): Promise<string> {
  const [counts, metrics] = await Promise.all([store.counts(), store.metrics()]);
  const text = new Exposition();
  const types = Object.entries(metrics.types).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, name, help] of COUNTERS) {
    text.family(name, 'counter', help);
    for (const [type, counted] of types) text.sample(name, { type }, counted[field]);
  }
  histograms(
    text,
    'leviathan_job_wait_seconds',
    'From when a job could run to the start of its attempt.',
    'wait',
    types,
  );
  histograms(text, 'leviathan_job_run_seconds', 'From the start of an attempt to its end.', 'run', types);

  text.family('leviathan_jobs', 'gauge', 'Jobs in the store.');
  for (const [type, byStatus] of Object.entries(counts.byType)) {
    for (const status of JOB_STATUSES) text.sample('leviathan_jobs', { type, status }, byStatus[status]);
  }
  text.family('leviathan_jobs_waiting', 'gauge', 'Pending jobs, by what they wait for.');
  for (const [cause, jobs] of Object.entries(counts.waiting)) text.sample('leviathan_jobs_waiting', { cause }, jobs);
  const oldest = 'leviathan_oldest_ready_age_seconds';
  text.family(oldest, 'gauge', 'For how long the oldest of the next jobs of each priority has been able to run.');
  for (const [type, ms] of Object.entries(metrics.oldestReady)) text.sample(oldest, { type }, ms / 1000);
  text.family('leviathan_workers', 'gauge', 'Workers that run jobs or wait for some.');
  text.sample('leviathan_workers', {}, metrics.workers);
  return text.toString();
}

function histograms(
  text: Exposition,
  name: string,
  help: string,
  field: 'wait' | 'run',
  types: readonly [string, TypeMetrics][],
): void {
  text.family(name, 'histogram', help);
  for (const [type, counted] of types) text.histogram(name, { type }, counted[field]);
}

/** Puts the lines together. */
class Exposition {
  private readonly lines: string[] = [];

  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.lines.push(
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
    );
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    this.lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
  }

  /** Each bucket counts those of the smaller ones as well. */
  histogram(name: string, labels: Labels, { count, sum, buckets }: Histogram): void {
    let below = 0;
    let next = 0;
    for (const bound of BOUNDS) {
      for (let bucket = buckets[next]; bucket && bucket[0] <= bound; bucket = buckets[next]) {
        below += bucket[1];
        next++;
      }
      this.sample(`${name}_bucket`, { ...labels, le: String(bound / 1000) }, below);
    }
    this.sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count);
    this.sample(`${name}_sum`, labels, sum / 1000);
    this.sample(`${name}_count`, labels, count);
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
