/** `leviathan stats` @module */
import type { JobStatus, JobStore, Json } from '@leviathan/core';
import prettyBytes from 'pretty-bytes';
import { diskUse } from '../disk-use';
import { EXIT } from '../exit-codes';
import { countsLine, countsTable } from '../format/counts';
import { oneLine } from '../format/safe';
import { wrap } from '../format/text';
import type { Session } from '../session';

const SPANS = { minute: 60_000, hour: 3_600_000 } as const;

/** How many jobs ended lately, as far as the store still keeps them. */
type Ended = Record<keyof typeof SPANS, { completed: number; failed: number }>;

export async function run(session: Session): Promise<number> {
  const store = await session.store('read');
  const root = await session.root();
  const [counts, health, ended, disk] = await Promise.all([
    store.counts(),
    store.health(),
    endedLately(store, session.io.now()),
    diskUse(root),
  ]);
  const { out } = session;
  if (out.json) {
    await out.value({ root, counts, ended, health, disk });
    return EXIT.ok;
  }
  const c = out.colors;
  const mark = { ok: c.green('✓ ok'), degraded: c.yellow('! degraded'), failed: c.red('✗ failed') }[health.status];
  await out.lines([
    ...wrap(countsLine(counts, c), out.columns),
    '',
    ...countsTable(counts, out.columns, c),
    '',
    `Last minute  ${ended.minute.completed} completed, ${ended.minute.failed} failed`,
    `Last hour    ${ended.hour.completed} completed, ${ended.hour.failed} failed`,
    '',
    `Store        ${mark}  ${root}`,
    ...health.problems.map((problem) => `             ${c.red(oneLine(problem))}`),
    ...Object.entries(health.details).map(
      ([key, value]) => `             ${c.dim(`${oneLine(key)}:`)} ${oneLine(plain(value))}`,
    ),
    `Disk         ${prettyBytes(disk.bytes)} in ${disk.files.toLocaleString('en-US')} files`,
  ]);
  return EXIT.ok;
}

async function endedLately(store: JobStore, now: number): Promise<Ended> {
  const matching = async (status: JobStatus, span: number): Promise<number> => {
    // A dry run counts what matches without reading it: a list would hand over every job.
    const filter = { status, updatedAfter: now - span };
    return (await store.change({ change: { action: 'remove' }, target: { filter }, dryRun: true })).matched;
  };
  const of = async (span: number): Promise<{ completed: number; failed: number }> => ({
    completed: await matching('completed', span),
    failed: await matching('failed', span),
  });
  return { minute: await of(SPANS.minute), hour: await of(SPANS.hour) };
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
