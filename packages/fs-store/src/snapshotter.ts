/**
 * When to take a snapshot, and what may go once there is one.
 *
 * @module
 */
import { join } from 'node:path';
import { type Clock, StoreClosedError } from '@leviathan/core';
import type { JobTable } from '@leviathan/core/engine';
import { unlinkBusy } from './atomic';
import type { BodyCache } from './bodies';
import type { Files } from './files';
import type { Journal } from './journal';
import type { JournalLog } from './journal-log';
import { listSnapshots, writeSnapshot } from './snapshot';

/** Snapshots that stay: the newest, and one to fall back on. */
const KEPT = 2;
/** Records whose replay takes no time worth a snapshot at close. */
const FEW_RECORDS = 10_000;

const DAY = 24 * 60 * 60 * 1000;

/** How long what is only history stays: compressed segments, and the archive. */
export interface AuditRetention {
  days: number;
  /** Bytes of all segments together, and of the archive. */
  bytes: number;
}

/** What the snapshotter works on. */
export interface SnapshotterOptions {
  files: Files;
  dir: string;
  table: JobTable;
  bodies: BodyCache;
  journal: Journal;
  log: JournalLog;
  clock: Clock;
  /** Journal bytes after which a snapshot is due; more when the last snapshot was larger. */
  snapshotBytes: number;
  audit: AuditRetention;
  /** Makes removals of files survive a power cut. Returns the removed jobs whose files may stand all the same, or come back. */
  settleFolders: () => Promise<Iterable<string>>;
  onError: (error: unknown) => void;
}

/** Takes snapshots in the background, one at a time. */
export class Snapshotter {
  private running: Promise<void> | undefined;
  private lastSize = 0;
  private lastSeq: number;
  private stopped = false;
  private abandoned = false;

  /** @param lastSeq Number of the newest record that the last snapshot holds. */
  constructor(
    private readonly options: SnapshotterOptions,
    lastSeq: number,
  ) {
    this.lastSeq = lastSeq;
  }

  /** Called after each write: starts a snapshot when one is due. */
  check(): void {
    if (this.running || this.stopped || this.options.log.size < Math.max(this.options.snapshotBytes, this.lastSize))
      return;
    this.take().catch((error) => this.options.onError(error));
  }

  /** Takes one now, or waits for the one that is being taken. */
  take(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** No new ones; unless in a hurry takes a last one, when a replay of what was written since would take longer than that. */
  async finish({ hurry }: { hurry: boolean }): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
    const { table } = this.options;
    if (!hurry && table.seq - this.lastSeq > Math.max(FEW_RECORDS, table.size / 4)) await this.take();
  }

  /** The folder may belong to another process by now: what is being written is given up. */
  abandon(): void {
    this.stopped = true;
    this.abandoned = true;
  }

  private async run(): Promise<void> {
    const { files, dir, table, journal, log, bodies, clock, audit } = this.options;
    log.resetSize();
    const tombstones = await this.options.settleFolders();
    // Nothing happened since: a second file of the same name would replace one that is being read.
    if (table.seq === this.lastSeq) return;
    const synced = async (): Promise<void> => {
      await journal.sync();
      this.assertOurs();
    };
    const pause = async (): Promise<void> => {
      await nextTurn();
      this.assertOurs();
    };
    const info = await writeSnapshot({ files, dir, table, bodies, clock, tombstones, pause, synced });
    this.lastSeq = info.from;
    this.lastSize = files.statSync(join(dir, info.name)).size;
    const snapshots = listSnapshots(files, dir);
    for (const { name } of snapshots.slice(KEPT)) {
      journal.forget(name);
      await unlinkBusy(files, join(dir, name));
    }
    if (this.stopped) return;
    await journal.compress({ before: info.from + 1 });
    // The snapshot to fall back on is worth nothing without the records since.
    const before = (snapshots.slice(0, KEPT).at(-1)?.from ?? 0) + 1;
    await journal.prune({ before, now: clock.now(), maxAge: audit.days * DAY, maxBytes: audit.bytes });
  }

  private assertOurs(): void {
    if (this.abandoned) throw new StoreClosedError();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
