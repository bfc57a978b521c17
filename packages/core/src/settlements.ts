/**
 * Handing the outcomes of attempts to the store.
 *
 * @module
 */
import type { Clock } from './clock';
import { codeOf, describeFailure } from './failure';
import { RetryTimer } from './retry-timer';
import type { JobStore, Settlement, SettleResult } from './store';

/** What {@link Settlements} works with. */
export interface SettlementsOptions {
  store: JobStore;
  clock: Clock;
  onError: (error: unknown) => void;
  /** The attempt was not this worker's any more; the store refused its outcome. */
  onRefused: (id: string) => void;
  /** Outcomes were acknowledged. */
  onAcknowledged: () => void;
  /** Wants {@link Settlements.flush} to be called soon. */
  schedule: () => void;
}

/** What the store says of one settlement, whatever its state: the same settlement would be turned down again. */
const VERDICTS = new Set(['INVALID', 'TOO_LARGE']);

/**
 * Outcomes go out in batches, many batches at once, and are forgotten only when the store has acknowledged them. An outcome that the
 * store cannot write is kept and handed in again: settling twice with one token is harmless, losing the outcome would run the job again.
 */
export class Settlements {
  readonly #options: SettlementsOptions;
  readonly #retry: RetryTimer;
  /** Of outcomes whose middleware waits for what the store says. */
  readonly #receipts = new Map<Settlement, (result: SettleResult) => void>();
  #waiting: Settlement[] = [];
  #unacknowledged = 0;
  #closed = false;
  #lastError: unknown;
  #onDrained: (() => void)[] = [];

  constructor(options: SettlementsOptions) {
    this.#options = options;
    this.#retry = new RetryTimer(options.clock, options.schedule);
  }

  /** Outcomes that the store has not acknowledged yet. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Why the store does not take outcomes at present. */
  get fault(): unknown {
    return this.#lastError;
  }

  add(settlement: Settlement): void {
    if (this.#closed) return;
    this.#unacknowledged++;
    this.#waiting.push(settlement);
    this.#options.schedule();
  }

  /** Counts an outcome that is with middleware, which hands it in by {@link Settlements.hand}. */
  expect(): void {
    if (!this.#closed) this.#unacknowledged++;
  }

  /** An expected outcome; resolves with what the store said. */
  hand(settlement: Settlement): Promise<SettleResult> {
    if (this.#closed) return Promise.resolve({ id: settlement.id, accepted: false });
    return new Promise((resolve) => {
      this.#receipts.set(settlement, resolve);
      this.#waiting.push(settlement);
      this.#options.schedule();
    });
  }

  /** Sends all that waits, in one call. */
  flush(): void {
    if (this.#waiting.length === 0 || this.#retry.armed) return;
    const batch = this.#waiting;
    this.#waiting = [];
    void this.#send(batch);
  }

  /** Tries again now what the store did not take. */
  hurry(): void {
    this.#retry.stop();
    this.#options.schedule();
  }

  /** Resolves when all outcomes are acknowledged, or can never be because the store is closed. */
  drained(): Promise<void> {
    if (this.#unacknowledged === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Gives up on what is left. */
  abandon(): void {
    this.#closed = true;
    this.#retry.stop();
    this.#waiting = [];
    for (const settlement of this.#receipts.keys()) this.#receive(settlement);
    this.#done(this.#unacknowledged);
  }

  async #send(batch: Settlement[]): Promise<void> {
    try {
      const results = await this.#options.store.settle(batch);
      if (this.#closed) return;
      this.#lastError = undefined;
      this.#retry.succeeded();
      for (const result of results) if (!result.accepted) this.#options.onRefused(result.id);
      if (this.#receipts.size > 0) for (const [i, settlement] of batch.entries()) this.#receive(settlement, results[i]);
      this.#done(batch.length);
    } catch (error) {
      if (!this.#closed) this.#failed(batch, error);
    }
  }

  #failed(batch: Settlement[], error: unknown): void {
    const code = codeOf(error);
    if (code === 'CLOSED') {
      this.#options.onError(error);
      this.abandon();
    } else if (code !== undefined && VERDICTS.has(code)) {
      this.#divide(batch, error);
    } else {
      this.#lastError = error;
      this.#options.onError(error);
      this.#waiting = [...batch, ...this.#waiting];
      this.#retry.arm();
    }
  }

  /** One of the batch is unacceptable; the others must not suffer for it. Halving finds it in few calls. */
  #divide(batch: Settlement[], error: unknown): void {
    if (batch.length > 1) {
      const middle = batch.length >> 1;
      void this.#send(batch.slice(0, middle));
      void this.#send(batch.slice(middle));
      return;
    }
    const [settlement] = batch as [Settlement];
    const { id, token } = settlement;
    if (settlement.outcome === 'completed' || settlement.outcome === 'waiting') {
      // The same handler would return, or ask for, the same again: no retry.
      const failed: Settlement = { id, token, outcome: 'failed', reason: 'error', error: describeFailure(error) };
      const receipt = this.#receipts.get(settlement);
      if (receipt) this.#receipts.set(failed, receipt);
      this.#receipts.delete(settlement);
      void this.#send([failed]);
    } else {
      this.#options.onError(error);
      this.#receive(settlement);
      this.#done(1);
    }
  }

  #receive(settlement: Settlement, result: SettleResult = { id: settlement.id, accepted: false }): void {
    this.#receipts.get(settlement)?.(result);
    this.#receipts.delete(settlement);
  }

  #done(count: number): void {
    this.#unacknowledged -= count;
    if (this.#unacknowledged === 0) for (const resolve of this.#onDrained.splice(0)) resolve();
    this.#options.onAcknowledged();
  }
}
