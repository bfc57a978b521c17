/** Counts the jobs that were handled and the outcomes that were acknowledged, and tells when they are as many. */
export class Outcomes {
  #handled = 0;
  #acknowledged = 0;
  #waiting: (() => void)[] = [];

  handled(): void {
    this.#handled++;
  }

  acknowledged(count: number): void {
    this.#acknowledged += count;
    if (this.#acknowledged === this.#handled) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when no job is between its handler and the acknowledgement of its outcome. */
  settled(): Promise<void> {
    if (this.#acknowledged === this.#handled) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
