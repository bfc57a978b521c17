/**
 * One attempt of one job: from its claim to its outcome.
 *
 * @module
 */
import { type AbortReason, failureOf, failureReason, isReleasedBy } from './attempt-end';
import type { ChildrenSource } from './children';
import type { Clock, Timer } from './clock';
import { AttemptContext } from './context';
import { CancelledError, TimeoutError, ValidationError } from './errors';
import { clip, codeOf, MAX_MESSAGE_BYTES } from './failure';
import type { Job, Json } from './job';
import { jsonOf, toShownJson } from './json';
import { Memory, type Remembering } from './memory';
import type { Handle } from './middleware/run';
import { killTime, type ModuleRunner } from './module-runner';
import type { AnyProcessor, JobContext } from './processor';
import type { Reports } from './reports';
import { retryDelay, snoozeDelay } from './retry-delay';
import { type Checked, check, isThenable } from './schema';
import type { ClaimedJob, Settlement } from './store';

const DATA = ['data'] as const;
const RESULT = ['result'] as const;

/** The worker, as its attempts see it. */
export interface AttemptHost extends ChildrenSource {
  readonly clock: Clock;
  readonly reports: Reports;
  /** Milliseconds that a handler has to end after its signal aborted. */
  readonly stuckAfter: number;
  /** Calls a handler through the middleware; `undefined` when there is none. */
  readonly around: ((ctx: JobContext, handle: Handle) => Promise<unknown>) | undefined;
  /** Runs the handlers that are in modules; there is one when a processor names a module. */
  readonly modules: ModuleRunner | undefined;
  /** The attempt has its outcome. Called once. */
  ended(attempt: Attempt, settlement: Settlement): void;
  /** The handler of an attempt that had its outcome long ago came to its end. */
  late(attempt: Attempt, outcome: 'completed' | 'failed'): void;
  error(error: unknown): void;
}

/**
 * Runs a handler and sees to it that the job gets exactly one outcome, whatever the handler does.
 *
 * | the handler                          | no abort  | timeout           | cancelled          | shutdown  |
 * |--------------------------------------|-----------|-------------------|--------------------|-----------|
 * | returns                              | completed | failed: timeout   | completed          | completed |
 * | throws                               | failed    | failed: timeout   | failed: cancelled  | released  |
 * | throws `UnrecoverableError`          | failed    | failed: timeout   | failed: cancelled  | failed    |
 * | throws `SnoozeError`                 | released, for a time | failed: timeout | failed: cancelled | the same |
 * | ignores the signal until {@link Attempt.giveUp} |  | failed: timeout | failed: cancelled  | released  |
 * | has a worker, which dies             | failed: crashed | failed: timeout | failed: cancelled | released |
 * | has a worker, ended for another's sake | released | failed: timeout | failed: cancelled | released |
 *
 * A timeout wins over a handler that returns late, because who set it may have acted on it; a cancelled handler that finished all the
 * same did the work. `timeout` is followed by another attempt as other failures are.
 *
 * A handler that asked for children ends so: the job goes back to wait for them, whether it returns or throws what it was given for that.
 * A timeout or a cancellation counts more.
 */
export class Attempt implements Remembering {
  readonly job: Job;
  readonly id: string;
  readonly token: string;
  readonly type: string;
  readonly number: number;
  readonly #parents: string[] | undefined;
  #memory: Memory | undefined;
  input: unknown;
  readonly #processor: AnyProcessor;
  readonly #host: AttemptHost;
  #controller: AbortController | undefined;
  #abortReason: AbortReason | undefined;
  /** Of the timeout, and after an abort of the patience with the handler. */
  #timer: Timer | undefined;
  #ended = false;
  #handlerRuns = false;

  constructor({ job, token }: ClaimedJob, processor: AnyProcessor, host: AttemptHost) {
    this.job = job;
    // The job is the handler's to play with: what the outcome depends on is kept apart.
    this.id = job.id;
    this.type = job.type;
    this.number = job.attempt;
    this.token = token;
    this.#parents = job.dependsOn && [...job.dependsOn];
    this.#processor = processor;
    this.#host = host;
    if (job.children || job.metadata.steps) this.#memory = this.memory;
  }

  /** Made when it is first asked for: most handlers never look. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortReason) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** Made when it is first asked for, or when there is something in it. */
  get memory(): Memory {
    this.#memory ??= new Memory(this, this.#host.reports, this.#host);
    return this.#memory;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get abortReason(): AbortReason | undefined {
    return this.#abortReason;
  }

  /** Whether the handler has not come to its end, be the attempt over or not. */
  get handlerRuns(): boolean {
    return this.#handlerRuns;
  }

  /** Calls the handler, at once where the schema answers at once. */
  start(): void {
    // Where the handler has to wait for a worker, its time begins when it has got one.
    if (this.#processor.module === undefined) this.#startTimeout();
    const input = check(this.#processor.input, this.job.data, DATA);
    if (isThenable(input)) input.then((checked) => this.#run(checked as Checked));
    else this.#run(input);
  }

  /** Tells the handler to stop; the first reason stays. */
  abort(reason: AbortReason): void {
    if (this.#ended || this.#abortReason) return;
    this.#abortReason = reason;
    this.#timer?.cancel();
    // A shutdown has its own deadline, for all attempts together.
    if (reason.code !== 'SHUTDOWN') {
      const patience = this.#host.stuckAfter + killTime(this.#processor);
      this.#timer = this.#host.clock.after(patience, () => this.giveUp());
    }
    this.#controller?.abort(reason);
  }

  /** Ends the attempt without its handler, which had its time to end after the abort. */
  giveUp(): void {
    const reason = this.#abortReason;
    if (this.#ended || !reason) return;
    if (reason.code === 'SHUTDOWN') {
      this.#release();
    } else {
      this.#host.reports.stuck(this);
      this.#fail(reason, true);
    }
  }

  cancel(): void {
    this.abort(new CancelledError());
  }

  /** The store gave the job to somebody else: whatever this handler does is for nothing. */
  lost(): void {
    this.abort(new CancelledError());
  }

  async parents(): Promise<(Job | null)[]> {
    const ids = this.#parents;
    return ids === undefined ? [] : this.#host.get(ids);
  }

  progress(percent: number, detail?: Json): void {
    if (!this.#ended) this.#host.reports.progress(this, percent, detail);
  }

  log(message: string, { level = 'info', fields }: Parameters<JobContext['log']>[1] = {}): void {
    if (this.#ended) return;
    const at = new Date(this.#host.clock.now()).toISOString();
    const line = { at, level, message: clip(String(message), MAX_MESSAGE_BYTES) };
    this.#host.reports.log(this, fields === undefined ? line : { ...line, fields: toShownJson(fields) });
  }

  #startTimeout(): void {
    const timeout = this.job.timeout ?? this.#processor.defaults?.timeout;
    if (timeout === undefined || this.#ended || this.#abortReason) return;
    this.#timer = this.#host.clock.after(timeout, () => this.abort(new TimeoutError(timeout)));
  }

  #handle(context: JobContext): unknown {
    const processor = this.#processor;
    if (processor.module === undefined) return processor.run(context);
    return this.#host.modules?.run(processor, context as JobContext<never>, () => this.#startTimeout());
  }

  #run(input: Checked): void {
    if (input.issues) {
      this.#fail(new ValidationError(`The data of job ${this.id}`, input.issues), false);
      return;
    }
    // Aborted while the data was checked.
    if (this.#abortReason) {
      this.#threw(this.#abortReason);
      return;
    }
    this.input = input.value;
    let result: unknown;
    try {
      const { around } = this.#host;
      const context = new AttemptContext(this);
      result = around ? around(context, (ctx) => this.#handle(ctx)) : this.#handle(context);
    } catch (error) {
      this.#threw(error);
      return;
    }
    if (!isThenable(result)) {
      this.#returned(result);
      return;
    }
    this.#handlerRuns = true;
    const native = result instanceof Promise ? result : Promise.resolve(result);
    native.then(
      (value) => this.#returned(value),
      (error: unknown) => this.#threw(error),
    );
  }

  #returned(value: unknown): void {
    this.#handlerRuns = false;
    const waiting = this.#memory?.waiting;
    if (waiting && !this.#ended) {
      this.#threw(waiting.error);
      return;
    }
    const { output } = this.#processor;
    if (!output || this.#ended) {
      this.#complete({ value });
      return;
    }
    const checked = check(output, value, RESULT);
    if (isThenable(checked)) checked.then((later) => this.#complete(later as Checked));
    else this.#complete(checked);
  }

  #complete(checked: Checked): void {
    const { id, token } = this;
    if (this.#ended) {
      this.#host.late(this, 'completed');
    } else if (this.#abortReason?.code === 'TIMEOUT') {
      this.#fail(this.#abortReason, true);
    } else if (checked.issues) {
      this.#fail(new ValidationError(`The result of job ${id}`, checked.issues), false);
    } else if (checked.value === undefined) {
      this.#end({ id, token, outcome: 'completed' });
    } else {
      const result = jsonOf(checked.value, RESULT);
      if ('json' in result) this.#end({ id, token, outcome: 'completed', result: result.json });
      else this.#fail(new ValidationError(`The result of job ${id}`, [result.issue]), false);
    }
  }

  #threw(error: unknown): void {
    this.#handlerRuns = false;
    const { id, token } = this;
    const waiting = this.#memory?.waiting;
    if (this.#ended) this.#host.late(this, 'failed');
    else if (waiting && codeOf(error) === waiting.error.code && failureReason(error, this.#abortReason) === 'error')
      this.#end({ id, token, outcome: 'waiting', children: waiting.children });
    else if (isReleasedBy(error, this.#abortReason)) this.#release(snoozeDelay(error));
    else this.#fail(error, true);
  }

  /** @param retry false: another attempt would end the same. */
  #fail(error: unknown, retry: boolean): void {
    // The data turned out to be invalid after the attempt was given up.
    if (this.#ended) return;
    const { id, token } = this;
    const reason = failureReason(error, this.#abortReason);
    const failed: Settlement = { id, token, outcome: 'failed', reason, error: failureOf(error, this.#abortReason) };
    const { clock } = this.#host;
    const retryIn =
      retry && reason !== 'cancelled'
        ? retryDelay(this.job, this.#processor, error, clock.now(), (fault) => this.#host.error(fault))
        : undefined;
    this.#end(retryIn === undefined ? failed : { ...failed, retryIn });
  }

  #release(delay?: number): void {
    const released = { id: this.id, token: this.token, outcome: 'released' as const };
    this.#end(delay === undefined ? released : { ...released, delay });
  }

  #end(settlement: Settlement): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#host.ended(this, settlement);
  }
}
