/**
 * FailoverStore: one store for its callers, over as many stores and connections as it takes.
 *
 * @module
 */
import { v4 as uuid } from 'uuid';
import { type Clock, systemClock } from '../clock';
import { type DuplicateJobError, StoreClosedError } from '../errors';
import { type StoreHealth, storeHealth } from '../health';
import type { JobSpec } from '../job';
import type * as Contract from '../store';
import { CallingStore } from './calling-store';
import { ConnectionLostError } from './connection';
import { HeldJobs } from './held-jobs';
import type { EventSource } from './lasting-subscription';
import { LastingSubscriptions } from './lasting-subscriptions';
import { type FailoverOptions, lineageOf, type OpenedStore, perform } from './opened-store';
import { type PendingCall, PendingCalls } from './pending-calls';
import type { StoreMethod } from './protocol';
import { type ClientIdentity, UNKNOWN_CAPABILITIES } from './remote-store';
import { Reopening } from './reopening';
import { type AddArgs, afterDuplicate, afterRepeat, chooseIds, isDuplicate } from './repeating';

/** How often a connection may be lost before the first one holds. */
const FIRST_TRIES = 3;

/** How long (ms) until work that a new store refused is tried again. */
const RESUME_AGAIN = 1_000;

interface Target extends EventSource {
  opened: OpenedStore;
}

/**
 * A JobStore that opens another one when the one it works on is lost, and makes its callers notice nothing but a delay: calls without an
 * answer are made again in their order (see `repeating.ts` for what that means), subscriptions go on from the last event they saw, and
 * jobs that are held stay with their workers while jobs that were claimed but never arrived go back.
 *
 * `open` decides what to open each time: a `RemoteStore` to whoever holds the jobs now, or a store of one's own.
 */
export class FailoverStore extends CallingStore implements Contract.JobStore {
  private readonly clock: Clock;
  private readonly client: string;
  private readonly calls = new PendingCalls<Target>();
  private readonly held = new HeldJobs();
  private readonly subscriptions: LastingSubscriptions<Target>;
  private readonly reopening: Reopening;
  private target: Target | undefined;
  private first: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private known: Contract.StoreCapabilities;
  private validator: Contract.JobValidator | undefined;
  private hadStore = false;

  constructor(
    private readonly openStore: (client: ClientIdentity) => Promise<OpenedStore>,
    options: FailoverOptions = {},
  ) {
    super();
    this.clock = options.clock ?? systemClock;
    this.client = options.client ?? uuid();
    this.known = options.capabilities ?? UNKNOWN_CAPABILITIES;
    this.subscriptions = new LastingSubscriptions({
      now: () => this.clock.now(),
      isLoss,
      lost: (target) => this.lose(target),
    });
    this.reopening = new Reopening({
      clock: this.clock,
      patience: options.patience ?? 60_000,
      attempt: () => this.attach(),
      giveUp: (error) => this.failAll(error),
    });
  }

  get capabilities(): Contract.StoreCapabilities {
    return this.target?.store.capabilities ?? this.known;
  }

  /** @throws what `open` throws: the first time nobody waits for a store that is not there. */
  async open(): Promise<void> {
    this.assertOpen();
    this.first ??= this.attachFirst().catch((error) => {
      this.first = undefined;
      this.failAll(error);
      throw error;
    });
    return this.first;
  }

  add(specs: JobSpec[], options?: Contract.AddOptions): Promise<Contract.AddResult[]> {
    if (!Array.isArray(specs)) return this.call('add', [specs, options]);
    return this.call('add', [
      specs,
      { ...options, ids: options?.ids ?? chooseIds(specs, this.clock.now()) },
    ] satisfies AddArgs);
  }

  claim(request: Contract.ClaimRequest, options?: { signal?: AbortSignal }): Promise<Contract.ClaimedJob[]> {
    return this.call('claim', [request], options?.signal);
  }

  /** Answers at once while there is no store: that is what it is asked for. */
  override async health(): Promise<StoreHealth> {
    const problem = this.closed ? undefined : this.reopening.problem;
    return problem === undefined
      ? this.call('health', [])
      : storeHealth([{ name: 'connection', status: 'degraded', message: problem }]);
  }

  async subscribe(
    options: Contract.SubscribeOptions,
    listener: (events: Contract.StoreEvent[]) => void,
  ): Promise<Contract.Subscription> {
    this.assertOpen();
    if (this.reopening.gaveUp) throw this.reopening.gaveUp;
    if (!this.target) this.openSoon();
    return this.subscriptions.open(options, listener, this.target);
  }

  /** Kept, and handed to every store that takes one. */
  setValidator(validator: Contract.JobValidator): void {
    this.validator = validator;
    this.target?.store.setValidator?.(validator);
  }

  /**
   * Ends waiting claims, waits for the other calls, and closes the store. While a store is being opened again, the attempt under way is
   * the last: when it fails, the calls fail, and running jobs are left as by a process that dies.
   */
  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.calls.failAll(new StoreClosedError(), 'claim');
    await this.first?.catch(() => {});
    await this.reopening.finish();
    this.target?.opened.ending?.();
    await this.calls.empty();
    // The store may have been lost while the last calls were answered.
    await this.reopening.finish();
    const { target } = this;
    this.target = undefined;
    await this.subscriptions.closeAll();
    await target?.store.close();
  }

  private assertOpen(): void {
    if (this.closed) throw new StoreClosedError();
  }

  private openSoon(): void {
    // Its failure is told to each call that waits for it.
    if (!this.first) this.open().catch(() => {});
  }

  protected override call<Result>(
    method: StoreMethod,
    args: unknown[],
    signal?: AbortSignal | undefined,
  ): Promise<Result> {
    if (this.closed) return Promise.reject(new StoreClosedError());
    if (this.reopening.gaveUp) return Promise.reject(this.reopening.gaveUp);
    if (signal?.aborted) return Promise.resolve([] as Result);
    return new Promise((resolve, reject) => {
      const call = this.calls.add(method, args, signal, resolve as (result: unknown) => void, reject);
      if (method === 'claim') this.held.asked(workerOf(args), call.number);
      if (this.target) {
        this.issue(call, this.target);
      } else {
        this.calls.listen(call);
        this.openSoon();
      }
    });
  }

  private failAll(error: unknown): void {
    this.calls.failAll(error);
    this.subscriptions.failWaiting(error);
  }

  /** Whoever was reached once can be asked again: the server may have left while it welcomed this client, and another be there. */
  private async attachFirst(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.attach();
      } catch (error) {
        if (tries === FIRST_TRIES || !(error instanceof ConnectionLostError) || this.closed) throw error;
      }
    }
  }

  /** Opens a store and brings it to where the one before was. */
  private async attach(): Promise<void> {
    const opened = await this.openStore({ client: this.client, workers: this.held.workers });
    const { store } = opened;
    await store.open();
    const lineage = lineageOf(store);
    const target: Target = { opened, store, lineage };
    if (this.validator) store.setValidator?.(this.validator);
    try {
      await this.resume(target);
    } catch (error) {
      if (this.closed) await store.close().catch(() => {});
      throw error;
    }
    this.known = store.capabilities;
    this.hadStore = true;
    this.target = target;
    for (const call of this.calls.all) this.issue(call, target);
    void opened.lost?.then(() => this.lose(target));
  }

  /** Settles what was left open: jobs first, before a claim is made again, then the subscriptions. */
  private async resume(target: Target): Promise<void> {
    for (;;) {
      try {
        const { workers } = this.held;
        if (this.hadStore && workers.length > 0) {
          // What was claimed for them but never arrived here goes back; what they run stays theirs.
          await target.store.takeBack(workers, 'released', { keep: this.held.list() });
        }
        await this.subscriptions.resume(target);
        return;
      } catch (error) {
        // A store that is full or otherwise in trouble is still the store: going on without this would leave jobs behind.
        if (isLoss(error) || this.closed) throw error;
        await this.reopening.pause(RESUME_AGAIN);
      }
    }
  }

  private lose(target: Target): void {
    if (this.target !== target) return;
    this.target = undefined;
    this.reopening.start();
  }

  private issue(call: PendingCall<Target>, target: Target): void {
    call.tries++;
    call.target = target;
    let answer: Promise<unknown>;
    try {
      answer = perform(call, target.store, this.calls, this.held);
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer.then(
      (result) => this.answered(call, target, result),
      (error) => this.failed(call, target, error),
    );
  }

  private answered(call: PendingCall<Target>, target: Target, result: unknown): void {
    if (call.target !== target) return;
    const { method, args } = call;
    let answer = result;
    this.held.answered(call, result, this.calls.newest);
    if (method === 'takeBack') {
      // A claim that still waits may be given jobs, which go back when its answer is lost.
      for (const other of this.calls.all)
        if (other.method === 'claim') this.held.asked(workerOf(other.args), other.number);
    } else if (method === 'add' && call.tries > 1) {
      answer = afterRepeat(result as Contract.AddResult[], args as AddArgs);
    }
    this.calls.end(call)?.resolve(answer);
  }

  private failed(call: PendingCall<Target>, target: Target, error: unknown): void {
    if (call.target !== target) return;
    if (isLoss(error) && !(this.closed && error instanceof StoreClosedError)) {
      call.target = undefined;
      if (call.signal?.aborted) this.calls.end(call)?.resolve([]);
      else this.calls.listen(call);
      this.lose(target);
      // The next store may be there already.
      if (this.target && this.calls.has(call)) this.issue(call, this.target);
    } else if (call.method === 'add' && call.tries > 1 && isDuplicate(error)) {
      this.checkDuplicate(call, target, error);
    } else {
      this.calls.end(call)?.reject(error);
    }
  }

  private checkDuplicate(call: PendingCall<Target>, target: Target, error: DuplicateJobError): void {
    afterDuplicate(error, call.args as AddArgs, (ids) => target.store.get(ids)).then(
      (results) => this.calls.end(call)?.resolve(results),
      (reason) => {
        if (isLoss(reason)) this.failed(call, target, reason);
        else this.calls.end(call)?.reject(reason);
      },
    );
  }
}

function workerOf([request]: unknown[]): unknown {
  return (request as Partial<Contract.ClaimRequest> | null)?.worker;
}

/** The store is gone, or closed by somebody else: nobody closed this one. */
function isLoss(error: unknown): boolean {
  return error instanceof ConnectionLostError || error instanceof StoreClosedError;
}
