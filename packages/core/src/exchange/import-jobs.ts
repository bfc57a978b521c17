/**
 * Imports jobs, in batches: each after those that it waits for, under an id that is its own.
 *
 * @module
 */
import { ImportConflictError, type Issue } from '../errors';
import type { Job, Json } from '../job';
import type { JsonObject } from '../json';
import type { RestoreResult } from '../store';
import { diff } from './diff';
import { type Candidate, HeldJobs } from './held-jobs';
import { BATCH_CHARACTERS, BATCH_ITEMS, type ImportScope } from './import-scope';
import { ContentIds, FreshIds, renamed } from './names';
import { comparableOf, definitionOf, type PortableJob, readJob } from './portable-job';
import type { ImportItem } from './report';

type JobItem = ImportItem & { name: string };

/** A job that is to be written, and what to report then. */
interface Write {
  job: Job;
  item: JobItem;
}

const REASONS: Record<Exclude<RestoreResult['outcome'], 'added' | 'replaced'>, string> = {
  exists: 'it was added by somebody else meanwhile',
  active: 'the job that it would replace is running',
  key: 'another job holds its key',
  parent: 'a job that it waits for is not there',
};

/** See the module. */
export class JobImport {
  private readonly contentIds = new ContentIds();
  private readonly freshIds: FreshIds | undefined;
  /** Read, and not compared with the store yet. */
  private batch: Candidate[] = [];
  private batchSize = 0;
  private readonly held = new HeldJobs();
  /** Ids in the document, and in the store: those of the batch, or of the whole document where somebody may have to know. */
  private readonly placed = new Map<string, string>();
  private writes: Write[] = [];
  private writeSize = 0;
  /** At the end: jobs of the document that are not placed yet. Before it any job may still come. */
  private coming: Set<string> | undefined;

  constructor(private readonly scope: ImportScope) {
    this.freshIds = scope.options.newIds ? new FreshIds() : undefined;
  }

  /** Takes an item in; it is written with its batch, or once the jobs are there that it waits for. */
  async add(line: number, value: JsonObject): Promise<void> {
    const { now, options, report } = this.scope;
    const issues: Issue[] = [];
    const name = typeof value.id === 'string' ? value.id : this.contentIds.of(value);
    const portable = readJob(value, { now, history: options.history !== false, id: name }, issues);
    if (portable) issues.push(...(await this.faultsOf(portable.job)));
    if (!portable || issues.length > 0) {
      report.add({ line, kind: 'job', name, state: 'invalid', action: 'skipped', issues });
      return;
    }
    const size = JSON.stringify(value).length;
    this.batch.push({ line, name, portable, size, present: null, parents: new Set() });
    this.batchSize += size;
    if (this.batch.length >= BATCH_ITEMS || this.batchSize >= BATCH_CHARACTERS) await this.take();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.take();
    const left = this.held.takeAll();
    this.coming = new Set(left.map(({ name }) => name));
    for (let i = 0; i < left.length; i += BATCH_ITEMS) {
      const batch = left.slice(i, i + BATCH_ITEMS);
      await this.lookUp(batch);
      for (const candidate of batch) await this.place(candidate);
    }
    await this.write();
    for (const { candidate, issue } of this.held.faults()) {
      const { line, name } = candidate;
      this.scope.report.add({ line, kind: 'job', name, state: 'invalid', action: 'skipped', issues: [issue] });
    }
  }

  /** Whoever looks further than one batch pays for it with the ids of the document. */
  private get renames(): boolean {
    return this.freshIds !== undefined || this.scope.policy === 'rename';
  }

  private async faultsOf({ type, data, status }: Job): Promise<Issue[]> {
    const { validator, anyType } = this.scope.options;
    if (!validator || status !== 'pending') return [];
    const known = validator.types();
    if (known.includes(type)) {
      const faults = await validator.validate(type, data as Json);
      return faults.map(({ path, message }) => ({ path: ['data', ...path], message }));
    }
    return anyType
      ? []
      : [{ path: ['type'], message: `no processor is known for it; known types: ${known.join(', ')}` }];
  }

  private async take(): Promise<void> {
    const { batch } = this;
    this.batch = [];
    this.batchSize = 0;
    await this.lookUp(batch);
    for (const candidate of batch) await this.place(candidate);
    await this.write();
    if (!this.renames && !this.scope.dryRun) this.placed.clear();
  }

  private async lookUp(batch: readonly Candidate[]): Promise<void> {
    const ids = new Set(batch.flatMap(({ name, portable: { job } }) => [this.idFor(name), ...(job.dependsOn ?? [])]));
    const list = [...ids];
    const found = await this.scope.store.get(list);
    const jobs = new Map(list.map((id, i) => [id, found[i] ?? null]));
    for (const candidate of batch) {
      candidate.present = jobs.get(this.idFor(candidate.name)) ?? null;
      candidate.parents = new Set(candidate.portable.job.dependsOn?.filter((id) => jobs.get(id)));
    }
  }

  private idFor(name: string): string {
    return this.freshIds ? this.freshIds.of(name) : name;
  }

  /** Compares a job with what is there, and those that waited for it, as far as they wait for nothing else. */
  private async place(first: Candidate): Promise<void> {
    const queue = [first];
    for (let candidate = queue.shift(); candidate; candidate = queue.shift()) {
      const missing = this.missingParentOf(candidate);
      if (missing !== undefined) {
        this.held.add(candidate, missing);
        continue;
      }
      await this.compare(candidate);
      const released = this.held.take(candidate.name);
      // Their other parents may have been written since they were looked for.
      if (released.length > 0) await this.lookUp(released);
      queue.push(...released);
      if (this.writes.length >= BATCH_ITEMS || this.writeSize >= BATCH_CHARACTERS) await this.write();
    }
  }

  /** Jobs that have ended may have outlived their parents. */
  private missingParentOf({ portable: { job }, parents }: Candidate): string | undefined {
    if (job.status !== 'pending') return undefined;
    // With names that change, one of the store may only be called like one that is still to come.
    const mayCome = (id: string): boolean => this.renames && (!this.coming || this.coming.has(id));
    return job.dependsOn?.find((id) => !this.placed.has(id) && (!parents.has(id) || mayCome(id)));
  }

  private async compare(candidate: Candidate): Promise<void> {
    const { line, name, portable, size } = candidate;
    const item = { line, kind: 'job', name } as const;
    const id = this.idFor(name);
    this.coming?.delete(name);
    if (this.placed.has(name)) {
      this.conflict(item, 'another job of the document has this id');
      return;
    }
    const job = { ...portable.job, id };
    if (job.dependsOn) job.dependsOn = job.dependsOn.map((parent) => this.placed.get(parent) ?? parent);
    const { present } = candidate;
    const changes = present ? this.changesOf(present, job, portable) : [];
    if (!present) this.put({ ...item, state: 'new', ...this.actionOf(id, name) }, job, size);
    else if (changes.length === 0) this.leave({ ...item, state: 'same', action: 'skipped' }, id);
    else await this.settle({ ...item, state: 'different', action: 'skipped', changes }, present, job, candidate);
  }

  private actionOf(id: string, name: string): Pick<ImportItem, 'action' | 'renamedTo'> {
    return id === name ? { action: 'added' } : { action: 'renamed', renamedTo: id };
  }

  private changesOf(present: Job, job: Job, portable: PortableJob) {
    const { now } = this.scope;
    return diff(comparableOf(present, portable, now), comparableOf(job, portable, now));
  }

  /** Something else is there. */
  private async settle(item: JobItem, present: Job, job: Job, candidate: Candidate): Promise<void> {
    const { policy, store } = this.scope;
    if (policy === 'skip') this.leave(item, job.id);
    else if (policy === 'fail') this.conflict(item, 'another job of this id is there');
    else if (policy === 'replace') {
      if (present.status === 'active') this.conflict(item, REASONS.active);
      else this.put({ ...item, action: 'replaced' }, job, candidate.size);
    } else {
      const { id: _differs, ...content } = definitionOf(job);
      const id = renamed(item.name, content);
      const [other] = await store.get([id]);
      // Renamed by an import before this one.
      if (other && this.changesOf(other, job, candidate.portable).length === 0) {
        this.leave({ ...item, state: 'same', renamedTo: id }, id);
      } else if (other) this.conflict(item, `another job of the id ${id} is there, too`);
      else this.put({ ...item, action: 'renamed', renamedTo: id }, { ...job, id }, candidate.size);
    }
  }

  private put(item: JobItem, job: Job, size: number): void {
    this.placed.set(item.name, job.id);
    this.writes.push({ job, item });
    this.writeSize += size;
  }

  private leave(item: JobItem, id: string): void {
    this.placed.set(item.name, id);
    this.scope.report.add(item);
  }

  private conflict(item: Omit<JobItem, 'state' | 'action'>, reason: string): void {
    if (this.scope.policy === 'fail') throw new ImportConflictError('job', item.name, reason);
    this.scope.report.add({ ...item, state: 'conflict', action: 'skipped', reason });
  }

  private async write(): Promise<void> {
    const { writes } = this;
    this.writes = [];
    this.writeSize = 0;
    if (writes.length === 0) return;
    const { store, policy, dryRun, by, report } = this.scope;
    const jobs = dryRun ? this.withoutComingParents(writes) : writes.map(({ job }) => job);
    const options = { replace: policy === 'replace', by };
    // One that fails must find out before anything is written.
    const previewed = dryRun || policy === 'fail' ? await store.restore(jobs, { ...options, dryRun: true }) : [];
    const tell = (results: readonly RestoreResult[], isFinal: boolean): void => {
      for (const [i, { outcome }] of results.entries()) {
        const { item } = writes[i] as Write;
        if (outcome !== 'added' && outcome !== 'replaced') this.conflict(item, REASONS[outcome]);
        else if (isFinal) report.add(item);
      }
    };
    tell(previewed, dryRun);
    if (!dryRun) tell(await store.restore(jobs, options), true);
  }

  /** In a dry run the parents of batches before this one are not in the store. */
  private withoutComingParents(writes: readonly Write[]): Job[] {
    const ids = new Set(writes.map(({ job }) => job.id));
    return writes.map(({ job: { dependsOn, ...job } }) => {
      const here = dependsOn?.filter((id) => ids.has(id)) ?? [];
      return here.length > 0 ? { ...job, dependsOn: here } : job;
    });
  }
}
