/** Passes a person's wish on to the store, again and again until there is an answer: in the folders it is not seen any more. */
import { type Clock, LeviathanError, StoreError } from '@leviathan/core';
import type { ErrorDesk } from './error-desk';
import type { HandRequests, Outcome } from './hand-requests';
import type { Request } from './view-decide';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** How long to wait before the next attempt (ms); `attempt` counts from 0. */
export function retryDelay(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 20), LAST_RETRY_MS);
}

/** See the file. */
export class Petitioner {
  private readonly sleepers = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly requests: HandRequests,
    private readonly clock: Clock,
    private readonly errors: ErrorDesk,
    /** Called when a request begins to wait for its next attempt. */
    private readonly onSleep: () => void,
  ) {}

  /** Requests that wait before they are made again. */
  get sleeping(): number {
    return this.sleepers.size;
  }

  /** `undefined`: stopped before there was an answer. */
  async ask(id: string, request: Request): Promise<Outcome | undefined> {
    for (let attempt = 0; !this.stopped; attempt++) {
      try {
        return await this.pass(id, request);
      } catch (error) {
        // It lies in the wish, not in the store: the same wish would meet it again.
        if (error instanceof LeviathanError && !(error instanceof StoreError))
          return { ok: false, message: error.message };
        this.errors.report('request', `The request to ${request.kind} job ${id} is made again later`, error);
      }
      await this.sleep(retryDelay(attempt));
    }
    return undefined;
  }

  stop(): void {
    this.stopped = true;
    for (const wake of this.sleepers) wake();
  }

  private async pass(id: string, request: Request): Promise<Outcome> {
    const { requests } = this;
    switch (request.kind) {
      case 'adopt':
        return requests.adopt(request.doc.parsed, request.doc.found.folder);
      case 'edit':
        return requests.edit(id, request.patch);
      case 'retry': {
        const outcome = await requests.retry(id);
        return outcome.ok && request.patch ? requests.edit(id, request.patch) : outcome;
      }
      default:
        return requests[request.kind](id);
    }
  }

  private async sleep(ms: number): Promise<void> {
    if (this.stopped) return;
    let wake = (): void => {};
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = this.clock.after(ms, wake);
    this.sleepers.add(wake);
    this.onSleep();
    await over;
    this.sleepers.delete(wake);
    timer.cancel();
  }
}
