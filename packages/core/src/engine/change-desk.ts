/** What people change: jobs, by themselves and back again, definitions and pauses. */
import type { DefinitionChange } from '../definition';
import { UnsupportedError } from '../errors';
import type { Job } from '../job';
import type { ChangeRequest, ChangeResult, RestoreOptions, RestoreResult, UndoResult } from '../store';
import type { UndoRequest } from '../trail';
import { type ChangeScope, type Commit, runChange } from './change-runner';
import type { Committer } from './committer';
import { decideDefine } from './decide-define';
import { decideRestore } from './decide-restore';
import { runUndo } from './undo-runner';

/** See the file. */
export class ChangeDesk {
  private readonly commit: Commit;

  /** @param letOthersRun In the middle of a long change; rejects when the store was closed meanwhile */
  constructor(
    committer: Committer,
    private readonly scope: ChangeScope,
    private readonly letOthersRun: () => Promise<void>,
  ) {
    this.commit = (drafts) => committer.commit(drafts);
  }

  /** @throws as {@link runChange} */
  change(request: ChangeRequest): Promise<ChangeResult> {
    return runChange(this.scope, request, this.commit, this.letOthersRun);
  }

  /** @throws as {@link runUndo}; UnsupportedError of this store when it does not know the past */
  async undo(request: UndoRequest, store: string): Promise<UndoResult> {
    const { past } = this.scope;
    if (!past) throw new UnsupportedError(store, 'undo a change');
    return runUndo(this.scope, past, request, this.commit, this.letOthersRun);
  }

  /** @throws as {@link decideRestore}; StoreWriteError */
  async restore(jobs: Job[], options: RestoreOptions): Promise<RestoreResult[]> {
    const { table, clock, maxBytes } = this.scope;
    const { records, results } = decideRestore({ table, now: clock.now(), maxBytes }, jobs, options);
    if (!options.dryRun) await this.commit([records]);
    return results;
  }

  /** @throws as {@link decideDefine}; StoreWriteError */
  async define(changes: DefinitionChange[], by: string | undefined): Promise<void> {
    await this.commit(decideDefine(this.scope.table.definitions, changes, by));
  }

  /** @throws StoreWriteError */
  async pause(paused: boolean, { type, by }: { type?: string; by?: string }): Promise<void> {
    const { table } = this.scope;
    if (paused === (type === undefined ? table.pausedAll : table.pausedTypes.has(type))) return;
    const scope = { ...(type !== undefined && { type }), ...(by !== undefined && { by }) };
    await this.commit([{ op: 'pause', paused, ...scope }]);
  }
}
