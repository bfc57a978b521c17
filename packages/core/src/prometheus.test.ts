import { expect, it } from 'vitest';
import { MemoryStore } from './memory-store';
import { prometheusText } from './prometheus';
import type { JobStore } from './store';
import { FakeClock } from './testing/fake-clock';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Reads the text as strictly as the format's page has it, and fails on anything that it does not allow. */
function parse(text: string): { types: Map<string, string>; samples: Sample[] } {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  expect(text.endsWith('\n')).toBe(true);
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help) {
      expect(helped).not.toContain(help[1]);
      helped.add(help[1] as string);
      continue;
    }
    if (type) {
      family = type[1] as string;
      // Once for each name, before its samples, which form one group.
      expect(types.has(family)).toBe(false);
      types.set(family, type[2] as string);
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`no line of the format: ${line}`);
    const [, name = '', pairs = '', value = ''] = sample;
    const suffixes = types.get(family) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    expect(suffixes.map((suffix) => `${family}${suffix}`)).toContain(name);
    expect(value).toMatch(/^[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)$|^NaN$/);
    const labels: Record<string, string> = {};
    const rest = pairs.replaceAll(
      /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/g,
      (_all, label, text) => {
        const plain = String(text).replaceAll(/\\(.)/g, (_escape, char) => (char === 'n' ? '\n' : char));
        labels[label] = plain;
        return '';
      },
    );
    expect(rest).toBe('');
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    expect(seen.has(key), key).toBe(false);
    seen.add(key);
    samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  for (const name of types.keys()) expect(helped).toContain(name);
  return { types, samples };
}

function valueIn(samples: Sample[], name: string, labels: Record<string, string> = {}): number | undefined {
  return samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))
    ?.value;
}

async function sampleStore(): Promise<{ store: MemoryStore; clock: FakeClock }> {
  const clock = new FakeClock();
  const store = new MemoryStore({ clock });
  await store.add([
    { type: 'a', data: 1 },
    { type: 'a', data: 2 },
    { type: 'b', data: 3, runAt: clock.now() + 60_000 },
  ]);
  await clock.advance(1_024);
  const [first] = await store.claim({ worker: 'w', limit: 1, wait: false });
  await clock.advance(100);
  await store.settle([{ id: first?.job.id ?? '', token: first?.token ?? '', outcome: 'completed' }]);
  return { store, clock };
}

it('is text of the format, with every counter and gauge', async () => {
  const { store } = await sampleStore();
  const { types, samples } = parse(await prometheusText(store));
  expect(Object.fromEntries(types)).toEqual({
    leviathan_jobs_added_total: 'counter',
    leviathan_attempts_started_total: 'counter',
    leviathan_jobs_completed_total: 'counter',
    leviathan_jobs_failed_total: 'counter',
    leviathan_jobs_retried_total: 'counter',
    leviathan_job_wait_seconds: 'histogram',
    leviathan_job_run_seconds: 'histogram',
    leviathan_jobs: 'gauge',
    leviathan_jobs_waiting: 'gauge',
    leviathan_oldest_ready_age_seconds: 'gauge',
    leviathan_workers: 'gauge',
  });
  expect(valueIn(samples, 'leviathan_jobs_added_total', { type: 'a' })).toBe(2);
  expect(valueIn(samples, 'leviathan_jobs_completed_total', { type: 'a' })).toBe(1);
  expect(valueIn(samples, 'leviathan_jobs_completed_total', { type: 'b' })).toBe(0);
  expect(valueIn(samples, 'leviathan_jobs', { type: 'a', status: 'pending' })).toBe(1);
  expect(valueIn(samples, 'leviathan_jobs_waiting', { cause: 'scheduled' })).toBe(1);
  expect(valueIn(samples, 'leviathan_oldest_ready_age_seconds', { type: 'a' })).toBe(1.124);
  expect(valueIn(samples, 'leviathan_workers')).toBe(1);
});

it('has histograms whose buckets add up, with bounds that include what lies on them', async () => {
  const { store } = await sampleStore();
  const { samples } = parse(await prometheusText(store));
  const wait = samples.filter(
    ({ name, labels }) => name === 'leviathan_job_wait_seconds_bucket' && labels.type === 'a',
  );
  expect(wait.map(({ value }) => value)).toEqual(
    wait.map(({ labels }) => (Number(labels.le?.replace('Inf', 'Infinity')) >= 1.024 ? 1 : 0)),
  );
  expect(wait.map(({ labels }) => labels.le)).toEqual([...new Set(wait.map(({ labels }) => labels.le))]);
  expect(wait.at(-1)?.labels.le).toBe('+Inf');
  expect(valueIn(samples, 'leviathan_job_wait_seconds_sum', { type: 'a' })).toBe(1.024);
  expect(valueIn(samples, 'leviathan_job_wait_seconds_count', { type: 'a' })).toBe(1);
  expect(valueIn(samples, 'leviathan_job_run_seconds_sum', { type: 'a' })).toBe(0.1);
  // Nothing of this type ran: all of its buckets are there, and empty.
  expect(valueIn(samples, 'leviathan_job_run_seconds_bucket', { type: 'b', le: '+Inf' })).toBe(0);
});

it('puts times that are longer than the last bound into +Inf alone', async () => {
  const { store, clock } = await sampleStore();
  await clock.advance(1_000_000_000);
  await store.claim({ worker: 'w', limit: 1, wait: false });
  const { samples } = parse(await prometheusText(store));
  const buckets = samples.filter(
    ({ name, labels }) => name === 'leviathan_job_wait_seconds_bucket' && labels.type === 'a',
  );
  expect(buckets.slice(-2).map(({ value }) => value)).toEqual([1, 2]);
});

it('escapes what a label may not hold', async () => {
  const { store } = await sampleStore();
  const type = 'a\\b"c\nd';
  const counts: JobStore['counts'] = async () => ({
    ...(await store.counts()),
    byType: { [type]: { pending: 1, active: 0, completed: 0, failed: 0 } },
  });
  const { samples } = parse(await prometheusText({ counts, metrics: () => store.metrics() }));
  expect(valueIn(samples, 'leviathan_jobs', { type, status: 'pending' })).toBe(1);
});

it('of an empty store is text of the format as well', async () => {
  expect(parse(await prometheusText(new MemoryStore())).samples.map(({ name }) => name)).toEqual([
    ...Array.from({ length: 5 }, () => 'leviathan_jobs_waiting'),
    'leviathan_workers',
  ]);
});
