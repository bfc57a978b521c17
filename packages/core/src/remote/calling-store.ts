/**
 * The methods of a store that are nothing but calls.
 *
 * @module
 */
import type { Definition, DefinitionChange, DefinitionKind } from '../definition';
import type { Job } from '../job';
import type * as Contract from '../store';
import type { Trail, UndoRequest } from '../trail';
import type { StoreMethod } from './protocol';

/** A store that makes its calls elsewhere. */
export abstract class CallingStore {
  /** Makes a call; its result is what the method of that name resolves with. */
  protected abstract call<Result>(method: StoreMethod, args: unknown[]): Promise<Result>;

  restore(jobs: Job[], options?: Contract.RestoreOptions): Promise<Contract.RestoreResult[]> {
    return this.call('restore', [jobs, options]);
  }

  settle(settlements: Contract.Settlement[]): Promise<Contract.SettleResult[]> {
    return this.call('settle', [settlements]);
  }

  report(reports: Contract.Report[]): Promise<Contract.ReportResult[]> {
    return this.call('report', [reports]);
  }

  takeBack(workers: string[], cause: 'released' | 'crashed', options?: { keep?: string[] }): Promise<number> {
    return this.call('takeBack', [workers, cause, options]);
  }

  change(request: Contract.ChangeRequest): Promise<Contract.ChangeResult> {
    return this.call('change', [request]);
  }

  pause(paused: boolean, options?: { type?: string; by?: string }): Promise<void> {
    return this.call('pause', [paused, options]);
  }

  define(changes: DefinitionChange[], options?: { by?: string }): Promise<void> {
    return this.call('define', [changes, options]);
  }

  definitions(kind?: DefinitionKind): Promise<Definition[]> {
    return this.call('definitions', [kind]);
  }

  get(ids: string[]): Promise<(Job | null)[]> {
    return this.call('get', [ids]);
  }

  list(query?: Contract.ListQuery): Promise<Contract.JobPage> {
    return this.call('list', [query]);
  }

  counts(): Promise<Contract.JobCounts> {
    return this.call('counts', []);
  }

  explain(ids: string[]): Promise<(Contract.Explanation | null)[]> {
    return this.call('explain', [ids]);
  }

  trail(id: string): Promise<Trail> {
    return this.call('trail', [id]);
  }

  stateAt(at: number, query?: Contract.PastQuery): Promise<Contract.PastState> {
    return this.call('stateAt', [at, query]);
  }

  undo(request?: UndoRequest): Promise<Contract.UndoResult> {
    return this.call('undo', [request]);
  }

  health(): Promise<Contract.StoreHealth> {
    return this.call('health', []);
  }
}
