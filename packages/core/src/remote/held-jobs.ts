/**
 * What this process was given to run: what it still holds after a reconnect, and must not be given to others.
 *
 * @module
 */
import type { ClaimedJob, ClaimRequest, Settlement } from '../store';
import type { PendingCall } from './pending-calls';

/** Tokens of attempts that were claimed here and not settled yet. */
export class HeldJobs {
  private readonly tokens = new Map<string, { id: string; worker: string; claim: number }>();
  private readonly known = new Set<string>();

  /** Every worker that asked for jobs, also those whose answer may have been lost. */
  get workers(): string[] {
    return [...this.known];
  }

  get size(): number {
    return this.tokens.size;
  }

  /** A worker asks for jobs. */
  asked(worker: unknown): void {
    if (typeof worker === 'string') this.known.add(worker);
  }

  /** A call has its answer. */
  answered({ method, args, number }: Pick<PendingCall<unknown>, 'method' | 'args' | 'number'>, result: unknown): void {
    if (method === 'claim') this.claimed((args[0] as ClaimRequest).worker, result as ClaimedJob[], number);
    else if (method === 'settle') this.settled(args[0] as Settlement[]);
    else if (method === 'takeBack')
      this.takenBack(args[0] as string[], (args[2] as { keep?: string[] } | undefined)?.keep);
  }

  /** It got them, by the call with this number. */
  claimed(worker: string, jobs: ClaimedJob[], claim: number): void {
    for (const { job, token } of jobs) this.tokens.set(token, { id: job.id, worker, claim });
  }

  settled(settlements: Settlement[]): void {
    for (const { id, token } of settlements) {
      // A settlement that was made up, or mixed up, ends nothing.
      if (this.tokens.get(token)?.id === id) this.tokens.delete(token);
    }
  }

  /** Workers left, or lost all but these. */
  takenBack(workers: string[], keep?: string[]): void {
    const kept = new Set(keep);
    for (const [token, { worker }] of this.tokens) {
      if (workers.includes(worker) && !kept.has(token)) this.tokens.delete(token);
    }
    if (!keep) for (const worker of workers) this.known.delete(worker);
  }

  /** Tokens that are held; with `after`, those of calls made later than that one. */
  list(after = 0): string[] {
    const tokens: string[] = [];
    for (const [token, { claim }] of this.tokens) if (claim > after) tokens.push(token);
    return tokens;
  }
}
