/**
 * The engine over a real journal, without folders, clients and background work: what happens in it happens because a test says so.
 */
import { dataOf, ENGINE_FEATURES, EngineStore, headOf, type JobTable, resultOf } from '@leviathan/core/engine';
import { FakeClock } from '@leviathan/core/testing';
import { onTestFinished } from 'vitest';
import { BodyCache } from '../bodies';
import { type Files, nodeFiles } from '../files';
import { Journal } from '../journal';
import { JournalLog } from '../journal-log';
import { type Recovered, recover } from '../recovery';

/** How a host is opened. */
export interface HostOptions {
  files?: Files;
  durability?: 'power' | 'process';
  memoryBytes?: number;
  segmentBytes?: number;
  clock?: FakeClock;
  onError?: (error: unknown) => void;
}

/** An engine, and what it is made of. */
export interface JournalHost {
  store: EngineStore;
  table: JobTable;
  bodies: BodyCache;
  journal: Journal;
  log: JournalLog;
  clock: FakeClock;
  recovered: Recovered;
  /** Ends as a killed process does: nothing is released, nothing is said. */
  kill: () => Promise<void>;
}

/** Unlimited: nothing leaves by itself. */
const FOREVER = { age: Number.MAX_SAFE_INTEGER, count: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** Opens the journal in `dir` as a store does. */
export async function openHost(dir: string, options: HostOptions = {}): Promise<JournalHost> {
  const { files = nodeFiles, durability = 'process', memoryBytes = 1 << 20, clock = new FakeClock() } = options;
  const onError = options.onError ?? (() => {});
  const recovered = await recover(files, dir, clock);
  const { end, table, hub } = recovered;
  const journal = await Journal.open(files, dir, {
    durability,
    next: end.next,
    tail: end.tail,
    givenUp: end.givenUp,
    epoch: end.epoch + 1,
    now: () => clock.now(),
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
  });
  const log = new JournalLog(journal, onError);
  const bodies = new BodyCache((file, offset, length) => journal.readBody(file, offset, length), memoryBytes);
  const store = new HostStore({
    capabilities: {
      name: 'host',
      persistent: true,
      durability,
      shared: false,
      ...ENGINE_FEATURES,
      audit: false,
    },
    log,
    bodies,
    retention: { completed: FOREVER, failed: FOREVER },
    clock,
    table,
    hub,
    onError,
  });
  table.onApplied = (record, entry) => {
    if (entry) log.refer(record, entry, bodies);
  };
  let dead = false;
  const kill = async (): Promise<void> => {
    if (dead) return;
    dead = true;
    log.close();
    await journal.close().catch(() => {});
  };
  onTestFinished(kill);
  return { store, table, bodies, journal, log, clock, recovered, kill };
}

/** Nobody edits its definitions by hand: it need not wait for anything. */
class HostStore extends EngineStore {
  override async open(): Promise<void> {
    this.startSchedules();
    this.startAgeing();
  }
}

/** Everything that callers can ever see of a table, and its order, as plain values. */
export function stateOf({ table, bodies, clock }: Pick<JournalHost, 'table' | 'bodies' | 'clock'>): object {
  table.promoteDue(clock.now());
  const jobs = [...table.entries.ascending()].map((entry) => ({
    head: JSON.parse(JSON.stringify(headOf(entry))),
    seq: entry.seq,
    lastSeq: entry.lastSeq,
    place: entry.place,
    size: entry.size,
    data: dataOf(entry, bodies),
    result: resultOf(entry, bodies),
  }));
  const idsOf = (entries: Iterable<{ id: string }>): string[] => [...entries].map(({ id }) => id);
  const waiting = [...table.dependencies.dependents].filter(([, entries]) => entries.size > 0);
  return {
    seq: table.seq,
    size: table.size,
    jobs,
    ready: Object.fromEntries(
      [...table.ready].filter(([, tree]) => tree.size > 0).map(([type, tree]) => [type, idsOf(tree.keysArray())]),
    ),
    scheduled: idsOf(table.scheduled.keysArray()),
    keys: Object.fromEntries([...table.keys].map(([key, { id }]) => [key, id])),
    windows: [...table.keys.windows],
    active: Object.fromEntries([...table.byWorker].map(([worker, entries]) => [worker, idsOf(entries).sort()])),
    dependents: Object.fromEntries(waiting.map(([parent, entries]) => [parent, idsOf(entries).sort()])),
    counts: table.counts.total,
    completed: idsOf(table.finished.completed),
    failed: idsOf(table.finished.failed),
    finishedSize: table.finishedSize,
    paused: { all: table.pausedAll, types: [...table.pausedTypes].sort() },
    definitions: table.definitions.list(),
    schedules: Object.fromEntries(table.schedules),
    history: [...table.history.freeze()],
  };
}
