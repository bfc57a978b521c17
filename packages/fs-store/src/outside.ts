/**
 * What comes into the store from outside its API: a person's hand in the folders, and files in the inbox.
 *
 * @module
 */
import type {
  ChangeAction,
  ChangeRequest,
  ChangeResult,
  Issue,
  JobPatch,
  JobStatus,
  JobValidator,
  Json,
} from '@leviathan/core';
import { adoption, type JobTable, type RecordDraft } from '@leviathan/core/engine';

import type { HandRequests, Outcome } from './hand-requests';
import type { ParsedJobFile } from './job-file';

/** The store, as far as it is needed here. */
export interface OutsideHost {
  table: JobTable;
  change(request: ChangeRequest): Promise<ChangeResult>;
  commit(drafts: readonly RecordDraft[]): Promise<void> | undefined;
  /** The types that connected workers take. */
  claimedTypes(): string[] | 'any';
}

/** Turns wishes into calls of the store, and checks data by what this process knows of it. */
export class Outside implements HandRequests {
  /** The processors of this process. */
  validator: JobValidator | undefined;

  constructor(private readonly host: OutsideHost) {}

  retry(id: string): Promise<Outcome> {
    return this.one(id, { action: 'retry' });
  }

  cancel(id: string): Promise<Outcome> {
    return this.one(id, { action: 'cancel' });
  }

  remove(id: string): Promise<Outcome> {
    return this.one(id, { action: 'remove' });
  }

  async edit(id: string, patch: JobPatch): Promise<Outcome> {
    const type = this.host.table.entries.get(id)?.type;
    const faults = patch.data === undefined ? [] : await this.faultsOf(type, patch.data);
    return faults.length > 0 ? refused(faults) : this.one(id, { action: 'edit', patch });
  }

  async adopt({ job }: ParsedJobFile, folder: JobStatus): Promise<Outcome> {
    const { table } = this.host;
    const runs = folder === 'pending' || folder === 'active';
    const faults = runs ? await this.faultsOf(job.type, job.data as Json) : [];
    if (faults.length > 0) return refused(faults);
    // Only now: while the data was checked another job may have come.
    const holder = runs && job.key !== undefined ? table.keys.get(job.key) : undefined;
    if (holder) return { ok: false, message: `its key is held by ${holder.id}` };
    if (table.entries.has(job.id)) return { ok: false, message: 'there is a job of this id already' };
    await this.host.commit([adoption(job, folder)]);
    return { ok: true };
  }

  /** Checks jobs of the inbox. Types that a client's worker takes are known, too; undefined: any type may come. */
  inboxValidator(): JobValidator | undefined {
    const claimed = this.host.claimedTypes();
    if (claimed === 'any') return undefined;
    const types = [...new Set([...(this.validator?.types() ?? []), ...claimed])];
    return { types: () => types, validate: (type, data) => this.faultsOf(type, data) };
  }

  private async one(id: string, change: ChangeAction): Promise<Outcome> {
    const { changed, skipped } = await this.host.change({ change, target: { ids: [id] }, by: 'folder' });
    return changed > 0 ? { ok: true } : { ok: false, message: skipped[0]?.message ?? 'nothing changed' };
  }

  private async faultsOf(type: string | undefined, data: Json): Promise<Issue[]> {
    if (type === undefined || !this.validator?.types().includes(type)) return [];
    return this.validator.validate(type, data);
  }
}

function refused(faults: Issue[]): Outcome {
  return { ok: false, message: faults.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
}
