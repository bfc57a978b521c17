import type { Job } from '../src/job';

interface Attempt {
  id: string;
  type: string;
  worker: string;
}

/** Writes down which handlers run when, and what must not be. */
export class Ledger {
  readonly faults: string[] = [];
  readonly #limits: { all: number; heavy: number };
  /** Attempts whose handlers have the say: not those that were given up. */
  readonly #running = new Set<Attempt>();
  readonly #starts = new Map<string, number>();
  readonly #checkpoints = new Map<string, number>();

  constructor(limits: { all: number; heavy: number }) {
    this.#limits = limits;
  }

  /** A handler begins; the answer is to be called when it ends. */
  starts({ id, type }: Job, worker: string, lastCheckpoint: unknown): () => void {
    const attempt = { id, type, worker };
    for (const other of this.#running) if (other.id === id) this.faults.push(`${id} runs twice at once`);
    this.#running.add(attempt);
    this.#starts.set(id, this.startsOf(id) + 1);
    if (this.#count(worker) > this.#limits.all) this.faults.push(`${worker} runs ${this.#count(worker)} jobs`);
    if (this.#count(worker, 'heavy') > this.#limits.heavy) this.faults.push(`${worker} runs too many heavy jobs`);
    const known = this.#checkpoints.get(id);
    if (known !== lastCheckpoint) this.faults.push(`${id} got checkpoint ${lastCheckpoint} instead of ${known}`);
    return () => this.#running.delete(attempt);
  }

  startsOf(id: string): number {
    return this.#starts.get(id) ?? 0;
  }

  /** It was acknowledged. */
  checkpointed(id: string, attempt: number): void {
    this.#checkpoints.set(id, attempt);
  }

  /** Its handler has no say any more. */
  gaveUp({ id }: Job): void {
    for (const attempt of this.#running) if (attempt.id === id) this.#running.delete(attempt);
  }

  /** A worker left: what still runs there was given back. */
  left(worker: string): void {
    for (const attempt of this.#running) if (attempt.worker === worker) this.#running.delete(attempt);
  }

  #count(worker: string, type?: string): number {
    return [...this.#running].filter((attempt) => attempt.worker === worker && (!type || attempt.type === type)).length;
  }
}
