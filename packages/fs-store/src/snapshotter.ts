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
import { Calm } from './calm';
import type { Files } from './files';
import type { Journal } from './journal';
import type { JournalLog } from './journal-log';
import { listSnapshots } from './snapshot';
import { writeSnapshot } from './snapshot-write';

/** Snapshots that stay: the newest, and one to fall back on. */
const KEPT = 2;
/** Records whose replay takes no time worth a snapshot at close. */
const FEW_RECORDS = 10_000;

/** About what a snapshot says of a job besides its texts. */
const HEAD_BYTES = 300;
/** So many snapshots' worth of journal may pile up before it is compressed although there is other work. */
const BACKLOG = 4;

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
  /** Bytes of journal and last snapshot that only tell of the past, after which a snapshot is due: jobs that wait cost as much in either. */
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
  private readonly calm: Calm;
  /** Compression and pruning, behind the newest snapshot. */
  private tending: Promise<void> | undefined;
  private tendedSince = 0;
  private abandoned = false;

  /** @param lastSeq Number of the newest record that the last snapshot holds. */
  constructor(
    private readonly options: SnapshotterOptions,
    lastSeq: number,
  ) {
    this.lastSeq = lastSeq;
    const { log, snapshotBytes } = options;
    this.calm = new Calm(
      () => log.written,
      () => log.written - this.tendedSince > snapshotBytes * BACKLOG,
    );
  }

  /** Called after each write: starts a snapshot when one is due. */
  check(): void {
    if (this.running || this.stopped || this.pastBytes < this.options.snapshotBytes) return;
    this.take().catch((error) => this.options.onError(error));
  }

  /** About how much less than now would have to be read after a snapshot. */
  private get pastBytes(): number {
    const { log, table } = this.options;
    return this.lastSize + log.size - table.textSize - table.size * HEAD_BYTES;
  }

  /** Takes one now, or waits for the one that is being taken. */
  take(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Resolves when what lies behind the newest snapshot is compressed, and what is too old is gone. */
  async tended(): Promise<void> {
    await this.tending;
  }

  /** No new ones; unless in a hurry takes a last one, when a replay of what was written since would take longer than that. */
  async finish({ hurry }: { hurry: boolean }): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
    await this.tending;
    const { table } = this.options;
    if (!hurry && table.seq - this.lastSeq > Math.max(FEW_RECORDS, table.size / 4)) await this.take();
  }

  /** The folder may belong to another process by now: what is being written is given up. */
  abandon(): void {
    this.stopped = true;
    this.abandoned = true;
  }

  private async run(): Promise<void> {
    const { files, dir, table, journal, log, bodies, clock } = this.options;
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
    // The snapshot to fall back on is worth nothing without the records since.
    this.tend(info.from + 1, (snapshots.slice(0, KEPT).at(-1)?.from ?? 0) + 1);
  }

  /** Compresses what lies before one record, lets go of what is too old before another. One at a time; the next snapshot makes up for it. */
  private tend(compressBefore: number, pruneBefore: number): void {
    if (this.tending || this.stopped) return;
    const { journal, clock, audit, log, onError } = this.options;
    this.tendedSince = log.written;
    const pause = async (): Promise<void> => {
      await this.calm.wait();
      if (this.stopped) throw new StoreClosedError();
    };
    const run = async (): Promise<void> => {
      await journal.compress({ before: compressBefore, pause });
      const limits = { maxAge: audit.days * DAY, maxBytes: audit.bytes };
      await journal.prune({ before: pruneBefore, now: clock.now(), ...limits });
    };
    this.tending = run()
      // What was stopped is taken up again after the next snapshot.
      .catch((error) => (this.stopped ? undefined : onError(error)))
      .finally(() => {
        this.tending = undefined;
      });
  }

  private assertOurs(): void {
    if (this.abandoned) throw new StoreClosedError();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
