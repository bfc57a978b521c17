/**
 * A job as the index keeps it: what ordering and filtering need, small enough for a million of them. Data and results are JSON texts
 * that may stay on disk.
 *
 * @module
 */
import type {
  BackoffSpec,
  CrashPolicy,
  DeadLetterOrigin,
  JobChildren,
  JobStatus,
  ParentPolicy,
  TraceContext,
} from '../job';
import type { JobHead } from './records';
import { NOTHING_HAPPENED, Run, runHeadOf } from './run';

/** Which index structure holds an entry. */
export type Place = 'ready' | 'scheduled' | 'blocked' | 'held' | 'active' | 'completed' | 'failed';

/** Options that few jobs have. */
export interface EntryExtra {
  timeout?: number;
  backoff?: BackoffSpec;
  retryFor?: number;
  expiresAt?: number;
  ageing?: number;
  /** Epoch milliseconds; see `Job`. */
  agedAt?: number;
  deadLetter?: string;
  onCrash?: Exclude<CrashPolicy, 'resume'>;
  dependsOn?: string[];
  onParentFailed?: Exclude<ParentPolicy, 'wait'>;
  /** Id of the job that added it while it ran. */
  parent?: string;
  /** Jobs that it added while it ran, the newest last. */
  children?: JobChildren[];
  /** The parents, or the newest of its children, that have not ended yet. */
  waitingFor?: Set<string>;
  /** Number of the record with which it began to wait for its children. */
  waitingSince?: number;
  /** A parent failed, which is what it is there for. */
  parentFailed?: true;
  key?: string;
  group?: string;
  needs?: Record<string, number>;
  tags?: string[];
  absorbed?: string[];
  deadLetterOf?: DeadLetterOrigin;
  trace?: TraceContext;
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

/** The options of a head that go into {@link EntryExtra}, in the order of its fields. */
const EXTRAS = [
  'timeout',
  'backoff',
  'retryFor',
  'expiresAt',
  'ageing',
  'agedAt',
  'deadLetter',
  'onCrash',
  'dependsOn',
  'onParentFailed',
  'parent',
  'children',
  'waitingSince',
  'parentFailed',
  'key',
  'group',
  'needs',
  'tags',
  'absorbed',
  'deadLetterOf',
  'trace',
] as const satisfies readonly (keyof EntryExtra)[];

function extraOf(head: JobHead): EntryExtra | undefined {
  if (isPlain(head)) return undefined;
  const extra: Record<string, unknown> = {};
  for (const name of EXTRAS) if (head[name] !== undefined) extra[name] = head[name];
  if (head.waitingFor) extra.waitingFor = new Set(head.waitingFor);
  return extra as EntryExtra;
}

/** Spelt out: of a million jobs most are. */
function isPlain(head: JobHead): boolean {
  return (
    head.timeout === undefined &&
    head.backoff === undefined &&
    head.retryFor === undefined &&
    head.expiresAt === undefined &&
    head.ageing === undefined &&
    head.deadLetter === undefined &&
    head.onCrash === undefined &&
    head.dependsOn === undefined &&
    head.parent === undefined &&
    head.children === undefined &&
    head.key === undefined &&
    head.group === undefined &&
    head.needs === undefined &&
    head.tags === undefined &&
    head.deadLetterOf === undefined &&
    head.trace === undefined
  );
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
  if (entry.extra) Object.assign(head, extraHeadOf(entry.extra));
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

/** What of it goes into a head. */
export function extraHeadOf(extra: EntryExtra): Partial<JobHead> {
  const { waitingFor, ...rest } = extra;
  return waitingFor ? { ...rest, waitingFor: [...waitingFor] } : rest;
}
