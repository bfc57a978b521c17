import type {
  AddOptions,
  AddResult,
  ChangeRequest,
  ChangeResult,
  ClaimedJob,
  ClaimRequest,
  JobSpec,
  Settlement,
  SettleResult,
} from '@leviathan/core';
import { FsStore } from '../../src/fs-store';
import type { FsStoreOptions } from '../../src/options';
import type { HandAction, Note } from './evidence';

/** A store that notes what is asked of it before it is asked, and what it answers as soon as it does. */
export class WitnessedStore extends FsStore {
  /** When each job came here (`performance.now`), from which its timeout counts. */
  readonly came = new Map<string, number>();

  constructor(
    options: FsStoreOptions,
    private readonly note: (note: Note) => void,
  ) {
    super(options);
  }

  override async add(specs: JobSpec[], options?: AddOptions): Promise<AddResult[]> {
    const jobs = specs.map(({ id, runAt }) => ({ id: id as string, ...(typeof runAt === 'number' && { runAt }) }));
    this.note({ kind: 'add?', jobs });
    const results = await super.add(specs, options);
    this.note({ kind: 'add!', ids: results.map(({ id }) => id) });
    return results;
  }

  override async claim(request: ClaimRequest, options?: { signal?: AbortSignal }): Promise<ClaimedJob[]> {
    const claimed = await super.claim(request, options);
    for (const { job, token } of claimed) {
      this.came.set(job.id, performance.now());
      this.note({ kind: 'got', id: job.id, token, worker: request.worker });
    }
    return claimed;
  }

  override async settle(settlements: Settlement[]): Promise<SettleResult[]> {
    for (const settlement of settlements) {
      const { id, token, outcome } = settlement;
      const run = outcome === 'completed' ? (settlement.result as { run: string }).run : undefined;
      const retryIn = outcome === 'failed' ? settlement.retryIn : undefined;
      const more = { ...(run !== undefined && { run }), ...(retryIn !== undefined && { retryIn }) };
      this.note({ kind: 'end?', id, token, outcome, wall: Date.now(), ...more });
    }
    const results = await super.settle(settlements);
    for (const [i, { id, accepted, status }] of results.entries()) {
      const token = settlements[i]?.token as string;
      this.note({ kind: 'end!', id, token, accepted, ...(status && { status }) });
    }
    return results;
  }

  /** One job's, by hand. */
  async hand(id: string, action: HandAction): Promise<number> {
    const request: ChangeRequest = { change: { action }, target: { ids: [id] }, by: 'hand' };
    this.note({ kind: 'hand?', id, action });
    const { changed, skipped }: ChangeResult = await super.change(request);
    const gone = skipped.some(({ reason }) => reason === 'not-found');
    this.note({ kind: 'hand!', id, action, changed, ...(gone && { gone }) });
    return changed;
  }
}
