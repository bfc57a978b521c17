/**
 * The reference: what a store must do, said in the plainest way. A list of jobs that is looked through from its start each time, and
 * functions of it that are written from the documentation alone, so that they share no mistake with an engine. Nothing here is fast.
 *
 * What rules leave to the store (generated ids, tokens, places in the order) the reference is told, and checks what it can of it.
 *
 * @module
 */
import type { Job, Json } from '../../job';
import type { ClaimRequest, EventKind, StoreEvent } from '../../store';

/** A job as it must be shown, and what is known of it besides. */
export interface Known {
  job: Job;
  /** Which of all jobs that were added: another one may get its id. */
  number: number;
  /** Parents that have not completed since it was added. */
  waitingFor: string[];
  /** A parent of it failed, or left. */
  parentFailed: boolean;
  /** Ids of adds that it took up, because it held their key. */
  absorbed: string[];
  /** Attempts that failed since it was added or retried by hand. */
  failures: number;
  /** Fencing token of the running attempt. */
  token?: string;
  /** No attempt after one that failed may start later: epoch milliseconds. */
  retryUntil?: number;
  /** Token of the attempt that its worker ended last, if nobody took it back. */
  settled?: string;
  /** Whether its time to run is a backoff; undefined: rules leave it open. */
  backoff?: boolean | undefined;
  /** When it finished among all that did. */
  finishedNo: number;
  /** Records of reports that the store may still make: each adds 1 to `rev`. */
  spare: number;
  /** It was added, removed and put back before its place could be learnt, which is that of its first time. */
  isBack: boolean;
  /** How often it may have been moved aside just now, to make room for others. */
  roomMade: number;
  /** What was reported since the store surely recorded it: a crash may take it. */
  unsure: Unsure;
}

/** What of the reports may be there after a crash: at least so many log lines, and one of these states of progress. */
export interface Unsure {
  logs: number;
  seen: { progress: number; detail: Json | undefined }[];
}

/** An event that must be told, with what it must say. Those of one `batch` may come in any order, those of a job and kind in theirs. */
export type ExpectedEvent = Partial<StoreEvent> & { kind: EventKind; batch?: number; anytime?: true };

/** A claim that waits for jobs. */
export interface WaitingClaim {
  number: number;
  request: ClaimRequest;
}

/** A claim that waited and must get these jobs now. */
export interface ServedClaim {
  number: number;
  ids: string[];
}

/** What a change did to a job. */
export interface Touched {
  id: string;
  /** Before the change; undefined: it was not there. */
  before: Known | undefined;
  /** Its revision afterwards; undefined: it was gone. */
  rev: number | undefined;
  number: number | undefined;
}

/** A change that can be undone. */
export interface Change {
  /** The number that the store gave it. */
  operation: number;
  /**
   * In the order in which they changed; undefined: what an undo would do is not said here, since which jobs made room for others is the store's
   * affair, and others failed with those that are lost, which the conformance suite looks at.
   */
  touched: Touched[] | undefined;
  /** Jobs that failed or left by it, and those that failed because of that. */
  lost: string[];
}

/** Everything that the reference knows. Plain data: `structuredClone` copies it. */
export interface Reference {
  /** Epoch milliseconds. */
  now: number;
  /** By creation. */
  known: Known[];
  pausedAll: boolean;
  pausedTypes: string[];
  /** What each worker last asked for; `unsure`: the store may have forgotten it since. */
  takers: { worker: string; types: string[] | undefined; unsure: boolean }[];
  /** Throttled keys: who came first, until when that counts, and whether that time was reached once. */
  windows: { key: string; id: string; until: number; wasOver: boolean }[];
  /** The newest changes, the newest last. */
  changes: Change[];
  /** First come, first served. */
  waiting: WaitingClaim[];
  served: ServedClaim[];
  /** Told, or to be told, and not compared yet. */
  events: ExpectedEvent[];
  /** Pending jobs of a priority in their order after a move, until the store has said which numbers it gave them. */
  moved: { priority: number; ids: string[] }[];
  added: number;
  finished: number;
  /** Dead letters so far. */
  letters: number;
  batches: number;
  /** Ids of jobs that were past their retention at some moment of the time that has just passed: the store may have let them go then. */
  wereExpired: string[];
  /** Calls that are under way together may share a commit: what follows from one of them comes after it. */
  isHurried: boolean;
  /** Which of the possible orders jobs go in that leave dead letters together, and how many of those there were. */
  turn: number;
  turns: number;
}

/** Nothing has happened yet. */
export function newReference(now: number): Reference {
  return {
    now,
    known: [],
    pausedAll: false,
    pausedTypes: [],
    takers: [],
    windows: [],
    changes: [],
    waiting: [],
    served: [],
    events: [],
    moved: [],
    added: 0,
    finished: 0,
    letters: 0,
    batches: 0,
    wereExpired: [],
    isHurried: false,
    turn: 0,
    turns: 1,
  };
}

/** All that was reported is recorded. */
export function surely({ job }: Pick<Known, 'job'>): Unsure {
  const { progress, detail, logs } = job.metadata;
  return { logs: logs.length, seen: [{ progress, detail }] };
}

/** An error that a call must throw: one of these codes. */
export class Refusal extends Error {
  constructor(readonly codes: string[]) {
    super(`refused: ${codes.join(' or ')}`);
  }
}

export const iso = (at: number): string => new Date(at).toISOString();

export function find(ref: Reference, id: string | undefined): Known | undefined {
  return ref.known.find(({ job }) => job.id === id);
}

/** The pending or active job that holds a key: one that waits for the other of the same key does not. */
export function holderOf(ref: Reference, key: string | undefined): Known | undefined {
  if (key === undefined) return undefined;
  const all = ref.known.filter(({ job }) => job.key === key && isUnfinished(job));
  return all.find((one) => !all.some((other) => other !== one && one.waitingFor.includes(other.job.id)));
}

function isUnfinished(job: Job): boolean {
  return job.status === 'pending' || job.status === 'active';
}

/** By priority, then place, then creation. */
export function inQueueOrder(ref: Reference, known: Known[]): Known[] {
  const created = (one: Known): number => ref.known.indexOf(one);
  const place = (one: Known): number => one.job.order ?? Number.POSITIVE_INFINITY;
  const byPlace = (a: Known, b: Known): number => (place(a) === place(b) ? 0 : place(a) - place(b));
  return [...known].sort((a, b) => a.job.priority - b.job.priority || byPlace(a, b) || created(a) - created(b));
}

/** Pending jobs in the order in which they run. */
export function queueOf(ref: Reference): Known[] {
  return inQueueOrder(
    ref,
    ref.known.filter(({ job }) => job.status === 'pending'),
  );
}

/** What a pending job waits for first of all. */
export function waitsFor(
  ref: Reference,
  { job, waitingFor }: Known,
): 'blocked' | 'held' | 'scheduled' | 'paused' | 'ready' {
  if (waitingFor.length > 0) return 'blocked';
  if (job.held) return 'held';
  if (isScheduled(ref, job)) return 'scheduled';
  return ref.pausedAll || ref.pausedTypes.includes(job.type) ? 'paused' : 'ready';
}

export function isScheduled(ref: Reference, job: Job): boolean {
  return job.runAt !== undefined && Date.parse(job.runAt) > ref.now;
}

/** What its ageing counts from. */
export function waitAnew(ref: Reference, job: Job): void {
  if (job.ageing !== undefined) job.agedAt = iso(ref.now);
}

/** A recorded change of a job: it is made, counted and told, and perhaps it was the last thing to do. */
export function record(ref: Reference, one: Known, kind: EventKind, change: (job: Job) => void, more = {}): void {
  const busy = ref.known.some(({ job }) => isUnfinished(job));
  change(one.job);
  one.job.updated = iso(ref.now);
  one.job.rev++;
  tell(ref, one, kind, more);
  tellDrained(ref, busy);
}

/** An event about a job as it stands. */
export function tell(ref: Reference, { job }: Known, kind: EventKind, more: Partial<StoreEvent> = {}): void {
  const { id, type, status, attempt, worker } = job;
  ref.events.push({
    kind,
    at: iso(ref.now),
    id,
    type,
    status,
    attempt,
    ...(worker !== undefined && { worker }),
    ...more,
  });
}

/** @param busy Whether there was anything to do before the change. */
export function tellDrained(ref: Reference, busy: boolean): void {
  if (busy && !ref.known.some(({ job }) => isUnfinished(job))) ref.events.push({ kind: 'drained', at: iso(ref.now) });
}

/** The order of what is told meanwhile is the store's affair, but for events of one kind of one job. */
export function inAnyOrder(ref: Reference, run: () => void): void {
  const first = ref.events.length;
  const batch = ++ref.batches;
  run();
  for (const event of ref.events.slice(first)) if (event.id !== undefined) event.batch = batch;
}

/** At most so many jobs that leave dead letters are looked at in every order. */
const MOST_IN_TURN = 4;

/** Jobs that end together, in the order of this turn: which of them leaves its dead letter first is the store's affair. */
export function inTurn(ref: Reference, known: Known[]): Known[] {
  const leaving = known.filter(({ job }) => job.deadLetter !== undefined);
  let rest = ref.turn;
  let turns = 1;
  for (let n = 1; n < Math.min(leaving.length, MOST_IN_TURN); n++) {
    turns *= n + 1;
    const [one] = leaving.splice(n, 1) as [Known];
    leaving.splice(n - (rest % (n + 1)), 0, one);
    rest = Math.floor(rest / (n + 1));
  }
  ref.turns = Math.max(ref.turns, turns);
  return known.map((one) => (one.job.deadLetter === undefined ? one : (leaving.shift() as Known)));
}
