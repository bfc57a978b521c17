/**
 * Asking the store for jobs.
 *
 * @module
 */
import type { Clock } from './clock';
import { codeOf } from './failure';
import { nextTurn } from './next-turn';
import { RetryTimer } from './retry-timer';
import type { Slots } from './slots';
import type { ClaimedJob, ClaimRequest } from './store';

/** What {@link Claims} works with. */
export interface ClaimsOptions {
  /** The store's, with the middleware around it if there is some. */
  claim: (request: ClaimRequest, options: { signal: AbortSignal }) => Promise<ClaimedJob[]>;
  clock: Clock;
  worker: string;
  slots: Slots;
  /** Upper bound of the next claim besides the free slots. */
  budget: () => number;
  onJobs: (jobs: ClaimedJob[]) => void;
  onError: (error: unknown) => void;
}

/**
 * Keeps one waiting claim with the store whenever there is a free slot: never two, so that slots cannot be promised twice. Jobs that an
 * aborted claim still brought are started as all others: they are claimed, and their slots are free.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #retry: RetryTimer;
  #open = false;
  #closed = false;
  #fault: unknown;
  #outstanding: { types: Record<string, number>; ended: Promise<void> } | undefined;
  /** Withdraws the outstanding claim. One for all, until it is used: making one takes longer than most claims. */
  #controller = new AbortController();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#retry = new RetryTimer(options.clock, () => this.pump());
  }

  /** Whether the store is closed, so that no more jobs will come. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Why the store gives no jobs at present. */
  get fault(): unknown {
    return this.#fault;
  }

  start(): void {
    this.#open = true;
    this.pump();
  }

  /** Withdraws the outstanding claim; resolves once it can bring no more jobs. */
  async stop(): Promise<void> {
    this.#open = false;
    this.#retry.stop();
    if (!this.#outstanding) return;
    this.#controller.abort();
    await this.#outstanding.ended;
  }

  /** To be called when slots became free: claims if there is none outstanding that may fill them. */
  pump(): void {
    if (!this.#open || this.#retry.armed) return;
    const { slots, budget } = this.#options;
    if (this.#outstanding) {
      // A type that was full when the claim was made has room now, and the claim would not bring it. Asked again once it has ended.
      if (slots.hasRoomBeside(this.#outstanding.types)) this.#controller.abort();
      return;
    }
    const limit = Math.min(slots.free, budget());
    if (limit <= 0) return;
    const types = slots.types();
    if (!types) return;
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
    // Stands before the call: a store that fails at once must find it to take it away.
    const outstanding = { types, ended: Promise.resolve() };
    this.#outstanding = outstanding;
    outstanding.ended = this.#claim(limit, types, this.#controller.signal);
  }

  async #claim(limit: number, types: Record<string, number>, signal: AbortSignal): Promise<void> {
    const { claim, worker, onJobs, onError } = this.#options;
    try {
      const jobs = await claim({ worker, limit, types, wait: true }, { signal });
      this.#outstanding = undefined;
      this.#retry.succeeded();
      this.#fault = undefined;
      if (jobs.length > 0) onJobs(jobs);
      // An answer without jobs to a claim that waits is due to the abort. Should a store give one for no reason, others get a turn.
      if (jobs.length > 0 || signal.aborted) this.pump();
      else nextTurn(() => this.pump());
    } catch (error) {
      this.#outstanding = undefined;
      if (!this.#open) return;
      this.#fault = error;
      this.#closed = codeOf(error) === 'CLOSED';
      if (this.#closed) this.#open = false;
      else this.#retry.arm();
      onError(error);
    }
  }
}
