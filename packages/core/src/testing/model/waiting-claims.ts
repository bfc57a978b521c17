import type { ClaimedJob, ClaimRequest } from '../../store';
import { difference } from './difference';
import { soon } from './listener';
import { claimAndWait, learnTokens } from './reference-claim';
import { ModelFault, mustBeRight, nameOf, type Stage } from './stage';

interface Waiting {
  on: number;
  name: string;
  answer: Promise<ClaimedJob[]>;
  stop: AbortController;
}

/** Claims that wait for jobs. */
export class WaitingClaims {
  readonly #stage: Stage;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get numbers(): number[] {
    return [...this.#waiting.keys()];
  }

  /** A claim that waits, perhaps for ever. */
  async claim(on: number, wanted: Omit<ClaimRequest, 'wait'>): Promise<void> {
    const { script, now } = this.#stage;
    const store = await this.#stage.instance(on);
    const request = { ...wanted, wait: true };
    const number = ++this.#count;
    const name = `waiting${number}`;
    const stop = new AbortController();
    script.note(`const stop${number} = new AbortController();`);
    const shown = `${script.show(request, now)}, { signal: stop${number}.signal }`;
    script.note(`const ${name} = ${nameOf(on)}.claim(${shown});`);
    const answer = store.claim(request, { signal: stop.signal });
    // It ends with the store, too.
    answer.catch(() => {});
    this.#waiting.set(number, { on, name, answer, stop });
    claimAndWait(this.#stage.ref, request, number);
    await this.#stage.agree(on);
  }

  /** The claim is not wanted any more. */
  async abort(number: number): Promise<void> {
    const { on, name, answer, stop } = this.#get(number);
    this.#stage.script.note(`stop${number}.abort();`);
    stop.abort();
    mustBeRight(difference([], await this.#soon(answer, name), name));
    this.#forget(number);
    await this.#stage.agree(on);
  }

  /** After each step: claims that must be answered by now are, and no other. */
  async serve(): Promise<void> {
    const { ref, script } = this.#stage;
    for (const { number, ids } of ref.served.splice(0)) {
      const { name, answer } = this.#get(number);
      const claimed = await this.#soon(answer, name);
      script.note(`const given${number} = await ${name};`);
      script.learn(`given${number}`, claimed);
      const given = claimed.map(({ job }) => job.id);
      mustBeRight(difference(ids, given, name));
      learnTokens(ref, claimed);
      this.#stage.gave(claimed);
      this.#waiting.delete(number);
    }
    if (this.#waiting.size === 0) return;
    const still = [...this.#waiting.values()].map(({ name, answer }) => answer.then(() => name));
    const early = await Promise.race([...still, someTurns()]);
    if (early !== undefined) throw new ModelFault(`${early} was answered, and there is nothing for it`);
  }

  /** Their instance was closed. */
  async end(on: number): Promise<void> {
    for (const [number, { on: of, answer, name }] of this.#waiting) {
      if (of !== on) continue;
      const outcome = answer.then(
        () => 'an answer',
        ({ code }) => code as unknown,
      );
      mustBeRight(difference('CLOSED', await this.#soon(outcome, name), name));
      this.#forget(number);
    }
  }

  /** Nobody hears their answers any more. */
  forgetAll(): void {
    for (const number of this.numbers) this.#forget(number);
  }

  #forget(number: number): void {
    this.#waiting.delete(number);
    const { ref } = this.#stage;
    ref.waiting = ref.waiting.filter((waiting) => waiting.number !== number);
  }

  #get(number: number): Waiting {
    const waiting = this.#waiting.get(number);
    if (!waiting) throw new Error(`No claim ${number} waits.`);
    return waiting;
  }

  #soon<T>(answer: Promise<T>, name: string): Promise<T> {
    return soon(answer, name, this.#stage.options.patience);
  }
}

/** Enough turns of the event loop for whatever is answered already. */
async function someTurns(): Promise<undefined> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  return undefined;
}
