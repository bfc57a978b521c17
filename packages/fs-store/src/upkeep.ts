/**
 * What an owner does besides, when it is calm: the archive is compressed and cut to its limits, the chain of the journal goes on.
 *
 * @module
 */
import { systemClock, type Timer } from '@leviathan/core';
import type { Archive } from './archive';
import { Calm } from './calm';
import type { Journal } from './journal';
import type { JournalLog } from './journal-log';

/** How often (ms) the archive is compressed and cut to its limits. */
const ARCHIVE_INTERVAL = 24 * 60 * 60 * 1000;

/** So many segments may wait for a calm moment to get their link of the chain. */
const BACKLOG = 8;

/** What it looks after. */
export interface UpkeepOptions {
  archive: Archive;
  journal: Journal;
  log: JournalLog;
  segmentBytes: number;
  onError: (error: unknown) => void;
}

/** See the module. */
export class Upkeep {
  private timer: Timer | undefined;

  constructor(private readonly options: UpkeepOptions) {}

  /** Tends the archive now, and once a day as long as this process owns the store. */
  tendArchive(): void {
    const { archive, onError } = this.options;
    archive.compress().catch(onError);
    this.timer = systemClock.after(ARCHIVE_INTERVAL, () => this.tendArchive());
  }

  /** In calm moments: what it reads may be 64 MiB. */
  extendChain(): void {
    const { journal, log, segmentBytes, onError } = this.options;
    const start = log.written;
    const calm = new Calm(
      () => log.written,
      () => log.written - start > BACKLOG * segmentBytes,
    );
    journal.chain.extend(() => calm.wait()).catch(onError);
  }

  stop(): void {
    this.timer?.cancel();
  }
}
