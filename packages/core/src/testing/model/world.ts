/**
 * A real store and the reference, side by side: whatever is done is done to both, and compared.
 *
 * @module
 */
import type { StoreHealth } from '../../health';
import type { ClaimedJob, JobStore } from '../../store';
import { type Call, make } from './calls';
import { difference } from './difference';
import { Hearing } from './hearing';
import { after, answerFault, linearisations, orderFault, possibleAfter, rightOnes } from './linearise';
import { soon } from './listener';
import { newReference, type Reference, surely } from './reference';
import { jump, pass } from './reference-claim';
import { die, expired, forgetExpired, forgetTakers, leave, noteExpired } from './reference-losses';
import { Script } from './script';
import { ModelFault, mustBeRight, nameOf, type Stage, type StageOptions, WORKERS } from './stage';
import { learn, learnLostReports, look, type Snapshot, stateFault } from './state';
import { WaitingClaims } from './waiting-claims';
import { Walks } from './walks';
import { Watchers } from './watchers';

/** How often retention is looked at, and some. */
const SWEEP_MS = 61_000;
/** Closing may have much left to write. */
const PATIENCE_TO_CLOSE = 4;

/** See the module. */
export class World implements Stage {
  ref: Reference;
  readonly options: StageOptions;
  readonly script = new Script();
  readonly hearing: Hearing;
  readonly watchers = new Watchers(this);
  readonly walks = new Walks(this);
  readonly waiting = new WaitingClaims(this);
  /** Every attempt that was ever given out. */
  readonly attempts: { id: string; token: string }[] = [];
  readonly #instances: (JobStore | undefined)[];
  /** The instance that tells the events. */
  #heardOn = 0;
  #named = 0;
  #parallels = 0;

  constructor(options: StageOptions) {
    this.options = options;
    this.hearing = new Hearing(options.laws, options.patience);
    this.#instances = [options.under.store, undefined];
    this.ref = newReference(this.now);
  }

  get now(): number {
    return this.options.under.clock?.now() ?? Date.now();
  }

  /** Attempts that run now. */
  get running(): { id: string; token: string }[] {
    return this.ref.known.flatMap(({ job, token }) => (token === undefined ? [] : [{ id: job.id, token }]));
  }

  isOpen(on: number): boolean {
    return this.#instances[on] !== undefined;
  }

  /** An id that no job has had; `ahead`: the one that comes so many later. */
  newId(ahead?: number): string {
    return `j${ahead === undefined ? this.#named++ : this.#named + ahead}`;
  }

  async start(): Promise<void> {
    await this.hearing.attach(await this.instance(0));
  }

  async instance(on: number): Promise<JobStore> {
    const { under } = this.options;
    const open = this.#instances[on];
    if (open) return open;
    if (!under.second) throw new Error('There is no second instance.');
    this.script.note(`const ${nameOf(on)} = await second();`);
    const opened = await under.second();
    this.#instances[on] = opened;
    return opened;
  }

  gave(claimed: { job: { id: string }; token: string }[]): void {
    for (const { job, token } of claimed) {
      if (this.attempts.some((attempt) => attempt.token === token)) throw new ModelFault(`token ${token} came twice`);
      this.attempts.push({ id: job.id, token });
    }
  }

  /** One call, awaited. */
  async call(on: number, call: Call): Promise<void> {
    const store = await this.instance(on);
    const noteAnswer = this.script.begin(nameOf(on), call, this.now);
    const answer = await this.#soon(make(store, call), call.call);
    const value = 'value' in answer ? answer.value : undefined;
    noteAnswer(value);
    const possible = possibleAfter(this.ref, (ref) => answerFault(ref, { call, answer }, this.options.laws));
    const right = rightOnes(possible);
    if (right.length === 0) mustBeRight(possible[0]?.fault);
    if (call.call === 'claim') this.gave(value as ClaimedJob[]);
    await this.#agreeWithOne(right, on);
  }

  /** Calls that do not wait for each other: they must have happened one after the other, in whatever order. */
  async parallel(calls: { on: number; call: Call }[]): Promise<void> {
    const name = `parallel${++this.#parallels}`;
    const shown = calls.map(({ on, call }) => this.script.call(nameOf(on), call, this.now));
    const stores: JobStore[] = [];
    for (const { on } of calls) stores.push(await this.instance(on));
    this.script.note(`const ${name} = await Promise.all([${shown.join(', ')}]);`);
    const making = calls.map(async ({ call }, n) => ({ call, answer: await make(stores[n] as JobStore, call) }));
    const made = await this.#soon(Promise.all(making), 'parallel calls');
    for (const [n, { call, answer }] of made.entries()) {
      if (!('value' in answer) || !Array.isArray(answer.value)) continue;
      this.script.learn(`${name}[${n}]`, answer.value);
      if (call.call === 'claim') this.gave(answer.value as ClaimedJob[]);
    }
    const { laws } = this.options;
    const possible = linearisations(this.ref, made, laws);
    if (possible.length === 0) throw new ModelFault(orderFault(this.ref, made, laws));
    await this.#agreeWithOne(possible, calls[0]?.on ?? 0);
  }

  /** Lets time pass. Once retention has something to do it is waited for: later it would come between other calls. */
  async advance(ms: number): Promise<void> {
    const { retention, patience } = this.options;
    const until = performance.now() + patience;
    for (let step = ms; ; step = SWEEP_MS) {
      this.script.note(`await clock.advance(${step});`);
      await this.options.under.clock?.advance(step);
      await this.#agreeWithOne(after(this.ref, (ref) => pass(ref, step, (at) => noteExpired(at, retention))));
      // What was reported is recorded within a second.
      if (step >= 1_000) for (const one of this.ref.known) one.unsure = surely(one);
      const must = expired(this.ref, retention, this.ref.now).map(({ job }) => job.id);
      if (must.length === 0) return;
      if (performance.now() > until) throw new ModelFault(`past their retention, and still there: ${must.join(', ')}`);
    }
  }

  /** Sets the wall clock. */
  async jump(ms: number): Promise<void> {
    this.script.note(`await clock.jump(${ms});`);
    await this.options.under.clock?.jump(ms);
    await this.#agreeWithOne(after(this.ref, (ref) => jump(ref, ms)));
  }

  /** Closes one of two instances; the other goes on. */
  async close(on: number): Promise<void> {
    await this.watchers.drop(on);
    this.script.note(`await ${nameOf(on)}.close();`);
    const closing = this.#instances[on]?.close() ?? Promise.resolve();
    this.#instances[on] = undefined;
    this.hearing.fadeReports();
    await this.#soon(closing, 'close', PATIENCE_TO_CLOSE);
    await this.waiting.end(on);
    leave(this.ref, (worker) => WORKERS[on]?.includes(worker) === true);
    forgetTakers(this.ref);
    if (this.#heardOn === on) await this.#hearOn();
    await this.agree();
  }

  /** Closes all, and opens the jobs anew. */
  async reopen(): Promise<void> {
    // What the first to close gives back may go to those who still wait with the other.
    if (this.isOpen(1)) for (const number of this.waiting.numbers) await this.waiting.abort(number);
    const reopen = this.options.under.reopen?.bind(this.options.under);
    await this.#renew('reopen', reopen);
    for (const on of [0, 1]) await this.waiting.end(on);
    await this.#agreeWithOne(await this.#partings(leave));
  }

  /** The process is killed; the jobs are opened anew. */
  async crash(): Promise<void> {
    const crash = this.options.under.crash?.bind(this.options.under);
    await this.#renew('crash', crash);
    this.waiting.forgetAll();
    const { jobs } = await look(await this.instance(0));
    mustBeRight(learnLostReports(this.ref, jobs));
    await this.#agreeWithOne(await this.#partings(die));
  }

  /** What may be known once both instances are gone: of one before the other, in either order, or of both at once. */
  async #partings(go: (ref: Reference, isIts: (worker: string) => boolean) => void): Promise<Reference[]> {
    const held = (on: number) => (worker: string) => WORKERS[on]?.includes(worker) === true;
    const orders = [[() => true], [held(0), held(1)], [held(1), held(0)]];
    const possible = orders.map((order) => {
      const ref = structuredClone(this.ref);
      for (const isIts of order) go(ref, isIts);
      return ref;
    });
    const resumes = await this.#attach();
    if (!resumes) for (const ref of possible) ref.events = [];
    return possible;
  }

  /** Everything is as it must be, and nothing is told too much. */
  async finish(): Promise<void> {
    const on = this.#anyOpen();
    await this.agree(on);
    // A mark behind all events.
    await this.call(on, { call: 'pause', args: [true, { type: 'the-end' }] });
    for (const instance of [0, 1]) await this.watchers.drop(instance);
    const { status, checks } = await this.#health(await this.instance(on));
    const stuck = this.ref.known.filter(({ job }) => job.status === 'active' && job.metadata.stuck).length;
    const unwell = checks.filter((check) => check.status !== 'ok').map(({ name, facts }) => [name, facts?.stuck]);
    const expected = stuck > 0 ? { status: 'degraded', unwell: [['workers', stuck]] } : { status: 'ok', unwell: [] };
    mustBeRight(difference(expected, { status, unwell }, 'health'));
  }

  /** Of a store over channels that break: once it has a connection again. */
  async #health(store: JobStore): Promise<StoreHealth> {
    const { laws, patience } = this.options;
    const until = performance.now() + patience;
    for (;;) {
      const health = await store.health();
      const connects = health.checks.some(({ name }) => name === 'connection');
      if (!laws.lossy || !connects || performance.now() > until) return health;
      await this.#soon(store.counts(), 'a connection');
    }
  }

  async agree(on?: number): Promise<void> {
    await this.#agreeWithOne([this.ref], on);
  }

  async #agreeWithOne(candidates: Reference[], on: number = this.#anyOpen()): Promise<void> {
    const { retention, patience } = this.options;
    const until = performance.now() + patience / 4;
    const store = await this.instance(on);
    for (;;) {
      const { snapshot, fitting } = await this.#fitting(candidates, store);
      const chosen = await this.hearing.choose(fitting);
      if (typeof chosen !== 'string') {
        learn(chosen, snapshot);
        this.ref = chosen;
        return this.waiting.serve();
      }
      // What retention lets go after the state was read is told before it is seen.
      const mayBeGone = fitting.some((ref) => expired(ref, retention, ref.now).length > 0);
      if (!mayBeGone || performance.now() > until) throw new ModelFault(chosen);
    }
  }

  /** Those that the state is right for. Retention takes its time, and so does a claim that is made again. */
  async #fitting(candidates: Reference[], store: JobStore): Promise<{ snapshot: Snapshot; fitting: Reference[] }> {
    const { laws, retention, patience } = this.options;
    const until = performance.now() + patience / 4;
    for (;;) {
      const snapshot = await this.#soon(look(store), 'reading the state');
      const ids = new Set(snapshot.jobs.map(({ id }) => id));
      for (const ref of candidates) forgetExpired(ref, retention, (id) => ids.has(id));
      const faults = candidates.map((ref) => stateFault(ref, snapshot, laws));
      const fitting = candidates.filter((_, n) => faults[n] === undefined);
      if (fitting.length > 0) return { snapshot, fitting };
      // A store that was opened a moment ago may still look at its folders before anything ages.
      const mayAge = candidates.some(({ known }) => known.some(({ job }) => job.ageing !== undefined));
      const mayCome = laws.lossy || mayAge || candidates.some((ref) => expired(ref, retention, ref.now).length > 0);
      if (!mayCome || performance.now() > until) throw new ModelFault(faults[0]);
    }
  }

  async #renew(how: string, renew: (() => Promise<JobStore>) | undefined): Promise<void> {
    if (!renew) throw new Error(`The store cannot ${how}.`);
    for (const on of [0, 1]) await this.watchers.drop(on);
    this.walks.drop();
    this.script.note(`const store = await ${how}();`);
    this.#instances[1] = undefined;
    this.#instances[0] = await this.#soon(renew(), how, PATIENCE_TO_CLOSE);
    this.hearing.forgetReports();
  }

  /** Goes on listening, on an instance that is open. */
  async #hearOn(): Promise<void> {
    const resumes = await this.#attach();
    if (!resumes) this.ref.events = [];
  }

  /** Whether it is heard from where the last one stopped. */
  async #attach(): Promise<boolean> {
    this.#heardOn = this.#anyOpen();
    return this.hearing.attach(await this.instance(this.#heardOn));
  }

  #anyOpen(): number {
    return this.#instances.findIndex(Boolean);
  }

  #soon<T>(answer: Promise<T>, what: string, times = 1): Promise<T> {
    return soon(answer, what, times * this.options.patience);
  }
}
