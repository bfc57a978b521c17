/**
 * What this process was given to run: what it still holds after a reconnect, and must not be given to others.
 *
 * @module
 */
import type { ClaimedJob, ClaimRequest, Settlement } from '../store';
import type { PendingCall } from './pending-calls';

interface Held {
  id: string;
  worker: string;
  /** Number of the claim that got it. */
  claim: number;
  /** Number of the newest call when it came. */
  newest: number;
}

/** Tokens of attempts that were claimed here and not settled yet. */
export class HeldJobs {
  private readonly tokens = new Map<string, Held>();
  /** Workers, with the number of the newest call that shows each of them alive. */
  private readonly known = new Map<string, number>();

  /** Every worker that asked for jobs, also those whose answer may have been lost. */
  get workers(): string[] {
    return [...this.known.keys()];
  }

  get size(): number {
    return this.tokens.size;
  }

  /** A worker asks for jobs, by the call with this number. */
  asked(worker: unknown, claim: number): void {
    if (typeof worker === 'string') this.known.set(worker, Math.max(claim, this.known.get(worker) ?? 0));
  }

  /** A call has its answer, after the call `newest` was made. */
  answered(
    { method, args, number }: Pick<PendingCall<unknown>, 'method' | 'args' | 'number'>,
    result: unknown,
    newest: number,
  ): void {
    if (method === 'claim') this.claimed((args[0] as ClaimRequest).worker, result as ClaimedJob[], number, newest);
    else if (method === 'settle') this.settled(args[0] as Settlement[]);
    else if (method === 'takeBack')
      this.takenBack(args[0] as string[], (args[2] as { keep?: string[] } | undefined)?.keep, number);
  }

  /** It got them, by the call `claim`, after the call `newest` was made. */
  claimed(worker: string, jobs: ClaimedJob[], claim: number, newest: number): void {
    if (jobs.length > 0) this.asked(worker, newest);
    for (const { job, token } of jobs) this.tokens.set(token, { id: job.id, worker, claim, newest });
  }

  settled(settlements: Settlement[]): void {
    for (const { id, token } of settlements) {
      // A settlement that was made up, or mixed up, ends nothing.
      if (this.tokens.get(token)?.id === id) this.tokens.delete(token);
    }
  }

  /**
   * Workers left, or lost all but these, by the call with this number. What came after it was made may have been given after it took effect:
   * to hold on to what was taken back harms nobody.
   */
  takenBack(workers: string[], keep: string[] | undefined, number: number): void {
    const kept = new Set(keep);
    for (const [token, { worker, newest }] of this.tokens) {
      if (workers.includes(worker) && newest < number && !kept.has(token)) this.tokens.delete(token);
    }
    if (keep) return;
    for (const worker of workers) if ((this.known.get(worker) ?? 0) < number) this.known.delete(worker);
  }

  /** Tokens that are held; with `after`, those of calls made later than that one. */
  list(after = 0): string[] {
    const tokens: string[] = [];
    for (const [token, { claim }] of this.tokens) if (claim > after) tokens.push(token);
    return tokens;
  }
}
