/**
 * A job as the index keeps it: what ordering and filtering need, small enough for a million of them. Data and results are JSON texts
 * that may stay on disk.
 *
 * @module
 */
import type { BackoffSpec, FailureReason, JobError, JobLog, JobStatus, Json, ParentPolicy } from '../job';
import type { JobHead, RunHead } from './records';

/** Which index structure holds an entry. */
export type Place = 'ready' | 'scheduled' | 'blocked' | 'active' | 'completed' | 'failed';

/** Options that few jobs have. */
export interface EntryExtra {
  timeout?: number;
  backoff?: BackoffSpec;
  dependsOn?: string[];
  onParentFailed?: Exclude<ParentPolicy, 'wait'>;
  /** The parents that have not completed yet. */
  waitingFor?: string[];
  key?: string;
  tags?: string[];
}

/** Reported by the running attempt and not recorded yet: progress is recorded now and then, not each time. */
export interface LiveReport {
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
}

const NOTHING_HAPPENED: RunHead = {};

/** What happens to few jobs. All fields from the start: one hidden class. */
class RareRun {
  reason: FailureReason | undefined = undefined;
  skipped: boolean | undefined = undefined;
  cancelling: boolean | undefined = undefined;
  detail: Json | undefined = undefined;
  logs: JobLog[] | undefined = undefined;
  errors: JobError[] | undefined = undefined;
  crashes: number | undefined = undefined;
  stuck: boolean | undefined = undefined;
  checkpoint: Json | undefined = undefined;
  live: LiveReport | undefined = undefined;
}

/** A JSON text, and where it stands on disk. */
class KeptText {
  /** Undefined: on disk: {@link BodySource} reads it at file, offset and length. */
  text: string | undefined = undefined;
  file: string | undefined = undefined;
  offset = 0;
  length = 0;
}

/**
 * What a job went through since it was added, plus what the running attempt reported since. Jobs that only wait have none, which is most of
 * a long queue. All fields from the start: one hidden class. What most jobs never have is elsewhere: the collector moves each of these
 * twice, which is a good part of the time of a short job.
 */
export class Run implements RunHead {
  rev: number;
  updated: number;
  /** See {@link Entry.lastSeq}. */
  lastSeq: number;
  attempt = 0;
  retries = 0;
  /** Its place among the finished jobs; see `FinishedList`. */
  finishedNumber = 0;
  token: number | undefined;
  settled: number | undefined;
  worker: string | undefined;
  started: number | undefined;
  finished: number | undefined;
  progress: number | undefined;
  private rare: RareRun | undefined = undefined;
  private kept: KeptText | undefined = undefined;

  constructor(rev: number, updated: number, lastSeq: number, head: RunHead) {
    this.rev = rev;
    this.updated = updated;
    this.lastSeq = lastSeq;
    this.token = head.token;
    this.settled = head.settled;
    this.worker = head.worker;
    this.started = head.started;
    this.finished = head.finished;
    this.progress = head.progress;
    if (head === NOTHING_HAPPENED) return;
    const { reason, skipped, cancelling, detail, logs, errors, crashes, stuck, checkpoint } = head;
    Object.assign(this, { reason, skipped, cancelling, detail, logs, errors, crashes, stuck, checkpoint });
  }

  /** Whether it has left nothing but times, numbers and a result. */
  get isPlain(): boolean {
    return this.rare === undefined;
  }

  get reason(): FailureReason | undefined {
    return this.rare?.reason;
  }

  set reason(value: FailureReason | undefined) {
    if (value !== undefined || this.rare) this.rarely().reason = value;
  }

  get skipped(): boolean | undefined {
    return this.rare?.skipped;
  }

  set skipped(value: boolean | undefined) {
    if (value !== undefined || this.rare) this.rarely().skipped = value;
  }

  get cancelling(): boolean | undefined {
    return this.rare?.cancelling;
  }

  set cancelling(value: boolean | undefined) {
    if (value !== undefined || this.rare) this.rarely().cancelling = value;
  }

  get detail(): Json | undefined {
    return this.rare?.detail;
  }

  set detail(value: Json | undefined) {
    if (value !== undefined || this.rare) this.rarely().detail = value;
  }

  get logs(): JobLog[] | undefined {
    return this.rare?.logs;
  }

  set logs(value: JobLog[] | undefined) {
    if (value !== undefined || this.rare) this.rarely().logs = value;
  }

  get errors(): JobError[] | undefined {
    return this.rare?.errors;
  }

  set errors(value: JobError[] | undefined) {
    if (value !== undefined || this.rare) this.rarely().errors = value;
  }

  get crashes(): number | undefined {
    return this.rare?.crashes;
  }

  set crashes(value: number | undefined) {
    if (value !== undefined || this.rare) this.rarely().crashes = value;
  }

  get stuck(): boolean | undefined {
    return this.rare?.stuck;
  }

  set stuck(value: boolean | undefined) {
    if (value !== undefined || this.rare) this.rarely().stuck = value;
  }

  get checkpoint(): Json | undefined {
    return this.rare?.checkpoint;
  }

  set checkpoint(value: Json | undefined) {
    if (value !== undefined || this.rare) this.rarely().checkpoint = value;
  }

  get live(): LiveReport | undefined {
    return this.rare?.live;
  }

  set live(value: LiveReport | undefined) {
    if (value !== undefined || this.rare) this.rarely().live = value;
  }

  /** JSON text; undefined: none, or on disk. */
  get result(): string | undefined {
    return this.kept?.text;
  }

  set result(text: string | undefined) {
    if (text !== undefined || this.kept) this.keep().text = text;
  }

  get resultFile(): string | undefined {
    return this.kept?.file;
  }

  get resultOffset(): number {
    return this.kept?.offset ?? 0;
  }

  get resultLength(): number {
    return this.kept?.length ?? 0;
  }

  /** Where the result stands on disk; left out: nowhere. */
  setResultPlace(file?: string, offset = 0, length = 0): void {
    if (file === undefined && !this.kept) return;
    const kept = this.keep();
    kept.file = file;
    kept.offset = offset;
    kept.length = length;
  }

  private rarely(): RareRun {
    this.rare ??= new RareRun();
    return this.rare;
  }

  private keep(): KeptText {
    this.kept ??= new KeptText();
    return this.kept;
  }
}

/** Reads texts that are not in memory. */
export interface BodySource {
  /** The JSON text that stands there. What a file, an offset and a length are is the store's business. */
  read(file: string, offset: number, length: number): string;
}

/**
 * What a job was added with. Never changed, but for {@link EntryExtra}, which is one job's own: those that were asked for the same share it,
 * since the memory of a million jobs is made of what each of them has for itself.
 */
class EntryOptions {
  constructor(
    readonly type: string,
    readonly priority: number,
    readonly maxAttempts: number,
    readonly maxCrashes: number,
    /** `undefined`: the job's creation number. */
    readonly order: number | undefined,
    readonly extra: EntryExtra | undefined,
  ) {}
}

/** The last options of each type, as long as there are not too many types. */
const recentOptions = new Map<string, EntryOptions>();
const MOST_RECENT = 1_000;

function optionsOf(type: string, head: JobHead): EntryOptions {
  const { priority, maxAttempts, maxCrashes, order } = head;
  const extra = extraOf(head);
  if (order !== undefined || extra) return new EntryOptions(type, priority, maxAttempts, maxCrashes, order, extra);
  const recent = recentOptions.get(type);
  if (recent?.priority === priority && recent.maxAttempts === maxAttempts && recent.maxCrashes === maxCrashes)
    return recent;
  const options = new EntryOptions(type, priority, maxAttempts, maxCrashes, undefined, undefined);
  if (recentOptions.size >= MOST_RECENT) recentOptions.clear();
  recentOptions.set(type, options);
  return options;
}

/** One job in the index. */
export class Entry {
  status: JobStatus;
  place: Place = 'ready';
  /** Epoch milliseconds; 0: as soon as possible. */
  runAt: number;
  private options: EntryOptions;
  run: Run | undefined = undefined;
  /** JSON text; undefined: on disk: {@link BodySource} reads it at file, offset and length. */
  data: string | undefined = undefined;
  dataFile: string | undefined = undefined;
  dataOffset = 0;
  dataLength = 0;
  /** Characters of data and result, wherever they are. */
  size = 0;
  /** Of use to whoever shows the job elsewhere: a change of it is to be shown already. */
  isBehind = false;

  constructor(
    readonly id: string,
    type: string,
    /** Creation number: unique, ascending. */
    readonly seq: number,
    readonly created: number,
    head: JobHead,
  ) {
    this.status = head.status ?? 'pending';
    this.runAt = head.runAt ?? 0;
    this.options = optionsOf(type, head);
    const { rev = 1, updated = created, attempt = 0, retries = 0, run } = head;
    if (run || rev !== 1 || updated !== created || attempt !== 0 || retries !== 0) {
      this.run = new Run(rev, updated, seq, run ?? NOTHING_HAPPENED);
      this.run.attempt = attempt;
      this.run.retries = retries;
    }
  }

  get type(): string {
    return this.options.type;
  }

  get priority(): number {
    return this.options.priority;
  }

  get order(): number {
    return this.options.order ?? this.seq;
  }

  get maxAttempts(): number {
    return this.options.maxAttempts;
  }

  get maxCrashes(): number {
    return this.options.maxCrashes;
  }

  get extra(): EntryExtra | undefined {
    return this.options.extra;
  }

  /** It gets options of its own, with these changed. */
  setOptions(changed: { priority?: number; order?: number; maxAttempts?: number; extra?: EntryExtra }): void {
    const { type, priority, maxAttempts, maxCrashes, order, extra } = { ...this.options, ...changed };
    this.options = new EntryOptions(type, priority, maxAttempts, maxCrashes, order, extra);
  }

  /** Whether both were added with the same options and none changed since: if true they run in the order of their creation. */
  isLike(other: Entry): boolean {
    return this.options === other.options && this.options.order === undefined;
  }

  get rev(): number {
    return this.run ? this.run.rev : 1;
  }

  get updated(): number {
    return this.run ? this.run.updated : this.created;
  }

  get attempt(): number {
    return this.run ? this.run.attempt : 0;
  }

  get retries(): number {
    return this.run ? this.run.retries : 0;
  }

  /** Number of the newest record that changed it: a replay over a newer snapshot skips older ones. */
  get lastSeq(): number {
    return this.run ? this.run.lastSeq : this.seq;
  }

  set lastSeq(seq: number) {
    if (seq !== this.lastSeq) this.changed().lastSeq = seq;
  }

  /** JSON text; undefined: none, or on disk. */
  get result(): string | undefined {
    return this.run?.result;
  }

  set result(text: string | undefined) {
    if (text !== this.result) this.changed().result = text;
  }

  /** Where the data stands on disk from now on. */
  setDataPlace(file: string | undefined, offset = 0, length = 0): void {
    this.dataFile = file;
    this.dataOffset = offset;
    this.dataLength = length;
  }

  /** Where the result stands on disk from now on. */
  setResultPlace(file: string, offset: number, length: number): void {
    this.changed().setResultPlace(file, offset, length);
  }

  /** Something happens to it: from now on there is a {@link Run}. */
  changed(): Run {
    this.run ??= new Run(1, this.created, this.seq, NOTHING_HAPPENED);
    return this.run;
  }
}

/** Order in which pending jobs run. */
export function compareQueueOrder(a: Entry, b: Entry): number {
  if (a.isLike(b)) return a.seq - b.seq;
  return a.priority - b.priority || a.order - b.order || a.seq - b.seq;
}

/** Order in which scheduled jobs become ready. */
export function compareRunAt(a: Entry, b: Entry): number {
  return a.runAt - b.runAt || a.seq - b.seq;
}

function extraOf(head: JobHead): EntryExtra | undefined {
  const { timeout, backoff, dependsOn, onParentFailed, waitingFor, key, tags } = head;
  if (timeout === undefined && !backoff && !dependsOn && key === undefined && !tags) return undefined;
  const extra: EntryExtra = {};
  if (timeout !== undefined) extra.timeout = timeout;
  if (backoff) extra.backoff = backoff;
  if (dependsOn) extra.dependsOn = dependsOn;
  if (onParentFailed) extra.onParentFailed = onParentFailed;
  if (waitingFor) extra.waitingFor = waitingFor;
  if (key !== undefined) extra.key = key;
  if (tags) extra.tags = tags;
  return extra;
}

/** The head that would build this entry again. */
export function headOf(entry: Entry): JobHead {
  const head: JobHead = {
    id: entry.id,
    type: entry.type,
    priority: entry.priority,
    maxAttempts: entry.maxAttempts,
    maxCrashes: entry.maxCrashes,
  };
  if (entry.runAt !== 0) head.runAt = entry.runAt;
  Object.assign(head, entry.extra);
  head.status = entry.status;
  head.created = entry.created;
  head.updated = entry.updated;
  head.rev = entry.rev;
  if (entry.order !== entry.seq) head.order = entry.order;
  if (entry.attempt !== 0) head.attempt = entry.attempt;
  if (entry.retries !== 0) head.retries = entry.retries;
  if (entry.run) head.run = runHeadOf(entry.run);
  return head;
}

/** What of a run goes into a head. */
export function runHeadOf(run: Run): RunHead {
  const { token, settled, worker, started, finished, reason, skipped, cancelling, progress } = run;
  const { detail, logs, errors, crashes, stuck, checkpoint } = run;
  const head = { token, settled, worker, started, finished, reason, skipped, cancelling, progress };
  return { ...head, detail, logs, errors, crashes, stuck, checkpoint } as RunHead;
}
