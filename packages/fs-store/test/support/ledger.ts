/** What was asked of a store and what it answered, so that a checker knows what is acknowledged. */

/** One call. */
export interface LedgerEntry {
  /** Its place among the calls, from 0. */
  number: number;
  call: string;
  /** Which of the workload's stores was asked, in the order in which they were opened first. */
  on: number;
  /** As they were when the call was made. */
  args: unknown[];
  /** `asked`: not answered (yet). */
  state: 'asked' | 'acknowledged' | 'refused';
  /** What `now` said when the call was made and when it was answered: a place in a log of writes, for example. */
  askedAt: number;
  answeredAt?: number;
  result?: unknown;
  error?: unknown;
}

/** See the file. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];

  /** @param now Where the world stands: kept with each question and each answer. */
  constructor(private readonly now: () => number = () => 0) {}

  /** Makes a call and writes down what comes of it. Undefined when it is refused: the workload goes on without. */
  async ask<Result>(
    on: number,
    call: string,
    args: unknown[],
    make: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const entry = this.note(on, call, args);
    try {
      const result = await make();
      Object.assign(entry, { state: 'acknowledged', result: structuredClone(result), answeredAt: this.now() });
      return result;
    } catch (error) {
      Object.assign(entry, { state: 'refused', error, answeredAt: this.now() });
      return undefined;
    }
  }

  /** As {@link Ledger.ask}, of a call without a result: whether it was acknowledged. */
  async does(on: number, call: string, args: unknown[], make: () => Promise<void>): Promise<boolean> {
    const done = await this.ask(on, call, args, async () => {
      await make();
      return true;
    });
    return done === true;
  }

  /** Something was asked whose answer, if there is one, is not told here. */
  note(on: number, call: string, args: unknown[]): LedgerEntry {
    const entry: LedgerEntry = {
      number: this.entries.length,
      on,
      call,
      args: structuredClone(args),
      state: 'asked',
      askedAt: this.now(),
    };
    this.entries.push(entry);
    return entry;
  }

  /** The calls of this name, in the order in which they were made. */
  of(call: string): LedgerEntry[] {
    return this.entries.filter((entry) => entry.call === call);
  }
}
