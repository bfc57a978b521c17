/**
 * Looks into files that the view did not write, waits until they are whole and still, and does what they ask for.
 *
 * While a job is examined its file is left alone: {@link Examiner.isHeld}. At the end it is marked as behind, so that whatever was found,
 * the file ends up as the index says.
 *
 * @module
 */
import type { Job, JobStatus } from '@leviathan/core';
import { errorCode } from './files';
import type { QuarantineReason } from './quarantine';
import { nextTurn, startSlice } from './slice';
import { Stillness, signatureOf } from './stillness';
import { type Decision, type Doc, decide, type Request } from './view-decide';
import { type ExaminerScope, readDocs } from './view-docs';
import { type Found, lookAt, lookFor } from './view-look';
import { isSame, type Note, STALE } from './view-notes';
import { Petitioner, retryDelay } from './view-petitioner';
import type { JobLook } from './view-update';
import { WaitingList } from './waiting-list';

/** How many jobs the store is asked about at once. */
const AT_ONCE = 100;
/** A file that is nowhere may be on its way: editors and sync tools remove, then write again (ms). */
const MISSING_MS = 250;
/** Two files may be one that is being moved from another disk: copied, then removed (ms). */
const TWICE_MS = 100;
/** A job that depends on one that is not there waits so long for it to be adopted (ms). */
const PARENT_MS = 500;

/** One look at a job's files, and at the job. */
interface Look {
  id: string;
  job: JobLook;
  note: Note | undefined;
  found: Found[];
  /** All that the view did not write, or not so. */
  foreign: Found[];
  /** The file that the view wrote stands where it was, unchanged. */
  intact: boolean;
  /** Milliseconds until all this has looked so for `ms`. */
  stillFor: (ms: number) => number;
}

/** See the module. */
export class Examiner {
  /** The first look is under way: the files that it finds are told together, and more unknown jobs may come, the parents of others. */
  scanning = false;
  private readonly queue = new Set<string>();
  /** The store was asked about these, and has not answered yet. */
  private readonly asked = new Set<string>();
  /** Their files were to be written while they were held. */
  private readonly wanted = new Set<string>();
  /** Of jobs that nobody knows: which of the jobs that they depend on are missing. */
  private readonly parents = new Map<string, { of: string; missing: string[]; progress: number }>();
  /** Jobs that the store knew when their examination began, and where they stood. */
  private readonly known = new Map<string, JobStatus>();
  private readonly busy = new Set<string>();
  private readonly again = new Set<string>();
  private readonly attempts = new Map<string, number>();
  private readonly waiting: WaitingList;
  private readonly stillness: Stillness;
  private readonly petitioner: Petitioner;
  private readonly idlers: (() => void)[] = [];
  private pumping = false;
  private stopped = false;

  constructor(private readonly scope: ExaminerScope) {
    const { clock, host, errors } = scope;
    this.stillness = new Stillness(clock);
    this.waiting = new WaitingList(clock, (id) => this.enqueue(id));
    this.petitioner = new Petitioner(host, clock, errors, () => this.wakeIdlers());
  }

  /** Whether the id's file is to be left alone for now. */
  isHeld(id: string): boolean {
    return this.busy.has(id) || this.queue.has(id) || this.asked.has(id) || this.waiting.has(id);
  }

  /** The file of a held id is to be written when it is held no longer. */
  want(id: string): void {
    this.wanted.add(id);
  }

  /** Something about the id's files is not as the view left it. */
  examine(id: string): void {
    if (this.busy.has(id)) this.again.add(id);
    // Its files are looked at when the answer is there.
    else if (!this.asked.has(id)) this.enqueue(id);
  }

  /** Resolves when nothing is left to do but to wait for files to be whole or still, or for a failed request to be made again. */
  async idle(): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** Resolves when the requests that are under way are answered; nothing new begins. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.queue.clear();
    this.waiting.stop();
    this.petitioner.stop();
    await this.idle();
  }

  private get isIdle(): boolean {
    return this.queue.size === 0 && this.asked.size === 0 && this.busy.size === this.petitioner.sleeping;
  }

  private enqueue(id: string): void {
    if (this.stopped) return;
    this.waiting.delete(id);
    this.queue.add(id);
    if (this.pumping) return;
    this.pumping = true;
    void this.pump();
  }

  private async pump(): Promise<void> {
    await nextTurn();
    while (this.queue.size > 0) {
      await this.attemptAll(this.take());
      await nextTurn();
    }
    this.pumping = false;
    this.wakeIdlers();
  }

  private take(): string[] {
    const ids: string[] = [];
    for (const id of this.queue) {
      this.queue.delete(id);
      this.asked.add(id);
      if (ids.push(id) === AT_ONCE) break;
    }
    return ids;
  }

  private async attemptAll(ids: string[]): Promise<void> {
    let jobs: JobLook[];
    try {
      jobs = await this.scope.host.look(ids);
    } catch (error) {
      // The text of one of them cannot be read from the journal: the others must not wait for it.
      if (ids.length > 1) for (const id of ids) await this.attemptAll([id]);
      else this.cannotLook(ids[0] as string, error);
      return;
    }
    let slice = startSlice();
    for (const [i, id] of ids.entries()) {
      this.asked.delete(id);
      if (!this.stopped) this.attempt(id, jobs[i] as JobLook);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
  }

  /** One look and what follows from it, all in one turn of the event loop: nothing of the view's own can change in between. */
  private attempt(id: string, job: JobLook): void {
    if (job.known) this.known.set(id, job.status);
    try {
      const look = this.look(id, job);
      if (this.isSettled(look)) this.finish(id, job);
      else this.step(look);
    } catch (error) {
      this.putOff(id, error);
    }
  }

  private cannotLook(id: string, error: unknown): void {
    this.asked.delete(id);
    this.putOff(id, error);
  }

  /** Tried again later, ever more rarely. */
  private putOff(id: string, error: unknown): void {
    const attempt = this.attempts.get(id) ?? 0;
    this.attempts.set(id, attempt + 1);
    this.scope.errors.report('examine', `The file of job ${id} cannot be looked at or put right`, error);
    this.waiting.add(id, retryDelay(attempt));
  }

  private look(id: string, job: JobLook): Look {
    const { files, layout, notes, unusable } = this.scope;
    const note = notes.get(id);
    const found = lookFor(files, layout, id, unusable);
    const foreign = found.filter((file) => !(file.folder === note?.folder && file.isFile && isSame(note, file)));
    const signature = found.map((file) => file.folder + signatureOf(file)).join();
    const stillFor = (ms: number): number => this.stillness.left(id, signature, ms);
    return { id, job, note, found, foreign, intact: foreign.length < found.length, stillFor };
  }

  /** Whether there is nothing to decide. */
  private isSettled({ id, job, note, found, foreign, intact }: Look): boolean {
    if (foreign.length === 0 && (intact || !note)) return true;
    if (job.known) return false;
    if (found.length === 0) {
      this.scope.notes.delete(id);
      return true;
    }
    if (note || !job.removed) return false;
    for (const file of foreign) this.discard(file);
    return true;
  }

  private step(look: Look): void {
    const { id, job, note, found, stillFor } = look;
    const patience = found.length === 0 ? MISSING_MS : found.length > 1 ? TWICE_MS : 0;
    const left = patience > 0 ? stillFor(patience) : 0;
    if (left > 0) {
      this.waiting.add(id, left);
      return;
    }
    if (found.length === 0 && note && !this.scope.folderStands(note.folder)) {
      // Who removes or unmounts a whole folder does not mean each job in it.
      this.scope.notes.delete(id);
      this.finish(id, job);
      return;
    }
    const reading = readDocs(this.scope, id, job, look.foreign, look);
    if ('wait' in reading) this.waiting.add(id, reading.wait);
    else if ('reject' in reading) this.reject(id, reading.reject, reading.reason);
    else if ('current' in reading) this.finish(id, this.scanning ? job : undefined);
    else if (reading.docs === 'gone') this.enqueue(id);
    else this.decide(look, reading.docs);
  }

  /** What cannot be a job's file goes; then the rest is looked at. */
  private reject(id: string, found: Found, reason: QuarantineReason): void {
    const { notes, files, layout, quarantine } = this.scope;
    quarantine.put(found.path, reason);
    const note = notes.get(id);
    const stands = note && note.folder !== found.folder && lookAt(files, layout.jobFile(note.folder, id));
    // After the view itself took a file away its absence is no wish of anybody.
    if (note && !(stands && isSame(note, stands))) notes.delete(id);
    this.enqueue(id);
  }

  private decide({ id, job, note, intact }: Look, docs: Doc[]): void {
    const { notes, quarantine } = this.scope;
    if (!job.known && this.waitsForParents(id, docs)) return;
    const known = job.known ? (JSON.parse(job.text) as Job) : undefined;
    // A job that left the store while its files were waited for does not come back by one that a crash had left behind.
    const noted = note?.folder ?? (job.known ? undefined : this.known.get(id));
    const decision = decide({ job: known, noted, intact, docs });
    for (const { found, reason } of decision.quarantine) quarantine.put(found.path, reason);
    for (const found of decision.discard) this.discard(found);
    const { accept, remark, request } = decision;
    if (accept) notes.set(id, accept, accept.folder, STALE);
    else if (!intact) notes.delete(id);
    if (remark) quarantine.note(remark.found.path, remark.reason);
    if (!request) {
      this.finish(id, job);
      return;
    }
    this.busy.add(id);
    void this.ask(id, request, decision, note?.folder);
  }

  /** Unknown jobs are adopted after those that they depend on, in whatever order their files are found. */
  private waitsForParents(id: string, docs: Doc[]): boolean {
    const parents = [...new Set(docs.flatMap(({ parsed }) => parsed.job.dependsOn ?? []))];
    if (parents.length === 0) return false;
    const answer = this.parents.get(id);
    this.parents.delete(id);
    if (answer?.of !== parents.join()) {
      this.busy.add(id);
      void this.askForParents(id, parents);
      return true;
    }
    const { missing, progress } = answer;
    if (missing.length === 0) return false;
    const mayCome = this.scanning || missing.some((parent) => parent !== id && this.isHeld(parent));
    const left = this.stillness.left(`${id}:parents`, mayCome ? `${progress}` : '', PARENT_MS);
    if (left > 0) this.waiting.add(id, Math.min(left, PARENT_MS / 10));
    return left > 0;
  }

  private async askForParents(id: string, parents: string[]): Promise<void> {
    const { host } = this.scope;
    try {
      const [jobs, progress] = await Promise.all([host.look(parents), host.progress()]);
      this.parents.set(id, { of: parents.join(), missing: parents.filter((_, i) => !jobs[i]?.known), progress });
      // Its files may have changed meanwhile: they are looked at once more, with the answer at hand.
      this.enqueue(id);
    } catch (error) {
      this.putOff(id, error);
    }
    this.busy.delete(id);
    this.again.delete(id);
    this.wakeIdlers();
  }

  private async ask(id: string, request: Request, decision: Decision, noted: JobStatus | undefined): Promise<void> {
    const outcome = await this.petitioner.ask(id, request);
    try {
      if (outcome && !outcome.ok) this.refused(id, outcome.message, decision, noted);
    } catch (error) {
      this.scope.errors.report('refuse', `The file of job ${id} cannot be put into quarantine`, error);
    }
    this.busy.delete(id);
    this.finish(id);
  }

  private refused(id: string, message: string, decision: Decision, noted: JobStatus | undefined): void {
    const { quarantine, files, notes, layout } = this.scope;
    const reason = { code: 'REFUSED', message };
    const { accept } = decision;
    if (!accept || !decision.keepRefused) {
      quarantine.note(accept?.path ?? layout.jobFile(noted ?? 'pending', id), reason);
      return;
    }
    const stands = lookAt(files, accept.path);
    // Changed again meanwhile: that is looked at next.
    if (!stands || !isSame(accept, stands)) return;
    quarantine.put(accept.path, reason);
    notes.delete(id);
  }

  private discard({ path }: Found): void {
    try {
      this.scope.files.unlinkSync(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }

  /** @param job As it stood before; left out when that may have changed. */
  private finish(id: string, job?: JobLook): void {
    this.stillness.forget(id);
    this.stillness.forget(`${id}:parents`);
    this.attempts.delete(id);
    this.known.delete(id);
    if (this.again.delete(id)) this.enqueue(id);
    if (this.wanted.delete(id) || !job || !this.isShown(id, job)) this.scope.host.touch([id]);
    this.wakeIdlers();
  }

  /** Whether the file is as it should be. */
  private isShown(id: string, job: JobLook): boolean {
    const note = this.scope.notes.get(id);
    return job.known ? note?.folder === job.status && note.version === job.version : !note;
  }

  private wakeIdlers(): void {
    if (!this.isIdle) return;
    for (const resolve of this.idlers.splice(0)) resolve();
  }
}
