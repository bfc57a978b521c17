/**
 * What happened to a job of the index.
 *
 * @module
 */
import type { FailureReason, JobError, JobLog, JobStep, Json } from '../job';
import type { RunHead } from './records';

/** Reported by the running attempt and not recorded yet: progress is recorded now and then, not each time. */
export interface LiveReport {
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
}

/** Of a job that something happens to for the first time. */
export const NOTHING_HAPPENED: RunHead = {};

/** What happens to few jobs. All fields from the start: one hidden class. */
class RareRun {
  reason: FailureReason | undefined = undefined;
  skipped: boolean | undefined = undefined;
  cancelling: boolean | undefined = undefined;
  held: boolean | undefined = undefined;
  detail: Json | undefined = undefined;
  logs: JobLog[] | undefined = undefined;
  errors: JobError[] | undefined = undefined;
  crashes: number | undefined = undefined;
  retryUntil: number | undefined = undefined;
  stuck: boolean | undefined = undefined;
  checkpoint: Json | undefined = undefined;
  steps: JobStep[] | undefined = undefined;
  live: LiveReport | undefined = undefined;
}

/** A JSON text, and where it stands on disk. */
class KeptText {
  /** Undefined: on disk, where a `BodySource` reads it at file, offset and length. */
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
  /** Number of the newest record that changed the job. */
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
    const { reason, skipped, cancelling, detail, logs, errors, crashes, retryUntil, stuck, checkpoint, steps, held } =
      head;
    const kept = {
      reason,
      skipped,
      cancelling,
      detail,
      logs,
      errors,
      crashes,
      retryUntil,
      stuck,
      checkpoint,
      steps,
      held,
    };
    Object.assign(this, kept);
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

  get held(): boolean | undefined {
    return this.rare?.held;
  }

  set held(value: boolean | undefined) {
    if (value !== undefined || this.rare) this.rarely().held = value;
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

  get retryUntil(): number | undefined {
    return this.rare?.retryUntil;
  }

  set retryUntil(value: number | undefined) {
    if (value !== undefined || this.rare) this.rarely().retryUntil = value;
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

  get steps(): JobStep[] | undefined {
    return this.rare?.steps;
  }

  set steps(value: JobStep[] | undefined) {
    if (value !== undefined || this.rare) this.rarely().steps = value;
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

/** What of a run goes into a head. One literal: a snapshot makes one for each job that is not plain. */
export function runHeadOf(run: Run): RunHead {
  return {
    token: run.token,
    settled: run.settled,
    worker: run.worker,
    started: run.started,
    finished: run.finished,
    reason: run.reason,
    skipped: run.skipped,
    cancelling: run.cancelling,
    progress: run.progress,
    detail: run.detail,
    logs: run.logs,
    errors: run.errors,
    crashes: run.crashes,
    retryUntil: run.retryUntil,
    stuck: run.stuck,
    checkpoint: run.checkpoint,
    steps: run.steps,
    held: run.held,
  } as RunHead;
}
