/** Ends attempts: by the word of their workers, or without it. */
import type { Clock } from '../clock';
import type { Settlement, SettleResult } from '../store';
import type { Committer } from './committer';
import { AddOverlay } from './decide-add';
import { decideSettle, decideTakeBack } from './decide-settle';
import type { BodySource } from './entry';
import type { Draft } from './records';

/** See the file. */
export class SettleDesk {
  constructor(
    private readonly committer: Committer,
    private readonly clock: Clock,
    private readonly maxBytes: number,
    private readonly bodies: BodySource,
  ) {}

  /** @throws StoreWriteError: nothing was settled */
  async settle(settlements: Settlement[]): Promise<SettleResult[]> {
    const { committer, bodies, maxBytes } = this;
    const { table } = committer;
    const settled = new Map<string, Settlement>();
    const context = { table, bodies, overlay: new AddOverlay(), now: this.clock.now(), maxBytes };
    const drafts: Draft[] = [];
    const results = settlements.map((settlement): SettleResult => {
      const { accepted, draft } = decideSettle(context, settlement, settled);
      if (draft) drafts.push(draft);
      return { id: settlement.id, accepted };
    });
    const durable = committer.commit(drafts);
    for (const result of results) {
      const entry = table.entries.get(result.id);
      if (entry) result.status = entry.status;
    }
    await durable;
    return results;
  }

  /**
   * Takes back what these workers hold, but for the attempts of these tokens. Resolves with how many jobs that were.
   * @throws StoreWriteError
   */
  async takeBack(
    workers: Iterable<string>,
    cause: 'released' | 'crashed',
    keep: readonly string[] = [],
  ): Promise<number> {
    const kept = new Set(keep);
    const now = this.clock.now();
    const drafts: Draft[] = [];
    for (const worker of new Set(workers)) {
      for (const entry of this.committer.table.byWorker.get(worker) ?? []) {
        if (!kept.has(String(entry.run?.token))) drafts.push(decideTakeBack(entry, cause, now));
      }
    }
    await this.committer.commit(drafts);
    return drafts.length;
  }
}
