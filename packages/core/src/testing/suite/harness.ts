import type { Job, JobSpec } from '../../job';
import type { ClaimedJob, ClaimRequest, JobStore, Settlement, StoreEvent, SubscribeOptions } from '../../store';
import type { FakeClock } from '../fake-clock';
import type { StoreUnderTest } from '../store-under-test';
import { Recorder } from './recorder';

/** An error of a handler, as a worker hands it on. */
export const BOOM = { name: 'TypeError', message: 'boom', code: 'E_BOOM', stack: 'TypeError: boom\n    at handler' };

/** A store may have much left to write when it closes. */
const PATIENCE_TO_CLOSE = 4;

/** ISO 8601 of epoch milliseconds. */
export const iso = (at: number): string => new Date(at).toISOString();

/** One store under test, with the calls that most tests need. */
export class Harness {
  #store: JobStore;
  readonly #under: StoreUnderTest;
  readonly #patience: number;
  #marks = 0;

  constructor(under: StoreUnderTest, patience: number) {
    this.#under = under;
    this.#patience = patience;
    this.#store = under.store;
  }

  get store(): JobStore {
    return this.#store;
  }

  /** For tests that need 'fake-clock'. */
  get clock(): FakeClock {
    return present(this.#under.clock, 'a fake clock');
  }

  /** Whether the test controls the time. */
  get controlsTime(): boolean {
    return this.#under.clock !== undefined;
  }

  /** What the store's clock reads, at least nearly. */
  now(): number {
    return this.#under.clock?.now() ?? Date.now();
  }

  /** Lets time pass: the fake clock is moved, real time passes by itself while the test awaits what it brings about. */
  async pass(ms: number): Promise<void> {
    await this.#under.clock?.advance(ms);
  }

  /** Closes the store and opens its jobs anew. @param meanwhile what happens while nobody has them open */
  async reopen(meanwhile?: () => Promise<void>): Promise<JobStore> {
    // The marks are pauses, and a pause survives a restart.
    for (let mark = 0; mark < this.#marks; mark++) await this.store.pause(false, { type: `mark-${mark}` });
    this.#store = await present(this.#under.reopen, 'reopen()').call(this.#under, meanwhile);
    return this.#store;
  }

  /** Another instance on the same jobs. */
  second(): Promise<JobStore> {
    return present(this.#under.second, 'second()').call(this.#under);
  }

  /** Closes everything; fails, instead of waiting for ever, when that does not come to an end. */
  async dispose(): Promise<void> {
    await this.soon(this.#under.dispose(), 'dispose', PATIENCE_TO_CLOSE * this.#patience);
  }

  /** Fails, instead of waiting for ever, when an answer does not come. */
  async soon<T>(answer: Promise<T>, what: string, patience = this.#patience): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${what}: nothing came for ${patience} ms`)), patience);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Adds one job, of type `a` unless said otherwise, and gives its id. */
  async add(spec: Partial<JobSpec> = {}): Promise<string> {
    const [id] = await this.addAll([spec]);
    return present(id, 'the id of the added job');
  }

  /** Adds jobs in one batch. */
  async addAll(specs: Partial<JobSpec>[]): Promise<string[]> {
    const results = await this.store.add(specs.map((spec) => ({ type: 'a', data: null, ...spec })));
    return results.map((result) => result.id);
  }

  /** What can be claimed right now, by worker `w1` unless said otherwise. */
  claim(request: Partial<ClaimRequest> = {}): Promise<ClaimedJob[]> {
    return this.store.claim({ worker: 'w1', limit: 1_000, wait: false, ...request });
  }

  /** One job, waited for. */
  async claimOne(request: Partial<ClaimRequest> = {}): Promise<ClaimedJob> {
    const [claimed] = await this.soon(this.claim({ limit: 1, wait: true, ...request }), 'claim');
    return present(claimed, 'a claimed job');
  }

  /** Adds one job and starts it. */
  async start(spec: Partial<JobSpec> = {}, worker = 'w1'): Promise<ClaimedJob> {
    const id = await this.add(spec);
    const claimed = await this.claimOne({ worker });
    if (claimed.job.id !== id) throw new Error(`claimed ${claimed.job.id} instead of ${id}`);
    return claimed;
  }

  /** Adds one job, runs it and completes it. */
  async complete(spec: Partial<JobSpec> = {}): Promise<string> {
    const claimed = await this.start(spec);
    await this.settle(claimed, { outcome: 'completed' });
    return claimed.job.id;
  }

  /** Adds one job, runs it and fails it for good. */
  async fail(spec: Partial<JobSpec> = {}): Promise<string> {
    const claimed = await this.start(spec);
    await this.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error' });
    return claimed.job.id;
  }

  /** Ends one attempt; fails when that does not count. */
  async settle({ job, token }: ClaimedJob, end: End): Promise<void> {
    const [result] = await this.store.settle([{ id: job.id, token, ...end }]);
    if (result?.accepted !== true)
      throw new Error(`the settlement of ${job.id} was refused: ${JSON.stringify(result)}`);
  }

  /** The job, which must be there. */
  async job(id: string): Promise<Job> {
    const [job] = await this.store.get([id]);
    return present(job ?? undefined, `job ${id}`);
  }

  /** The ids of the pending jobs in the order in which they will run. */
  async queue(): Promise<string[]> {
    const page = await this.store.list({ filter: { status: 'pending' }, sort: 'queue', limit: 1_000 });
    return page.jobs.map((job) => job.id);
  }

  /** Every job as it stands, by creation. */
  async everything(): Promise<Job[]> {
    const jobs: Job[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
      jobs.push(...page.jobs);
      cursor = page.next;
    } while (cursor !== undefined);
    return jobs;
  }

  /** Writes down the events from now on. */
  async record(options: SubscribeOptions = {}, store = this.store): Promise<Recorder> {
    const recorder = new Recorder(this);
    recorder.subscription = await store.subscribe(options, (events) => recorder.take(events));
    return recorder;
  }

  /** All that the recorder got up to now: it must have no filter that hides a pause. */
  async recorded(recorder: Recorder): Promise<StoreEvent[]> {
    const type = `mark-${this.#marks++}`;
    await this.store.pause(true, { type });
    const mark = await recorder.until((event) => event.kind === 'paused' && event.type === type, 'the mark');
    return recorder.events.slice(0, recorder.events.indexOf(mark));
  }
}

/** An outcome without the attempt it belongs to. */
export type End = WithoutAttempt<Settlement>;
type WithoutAttempt<S> = S extends Settlement ? Omit<S, 'id' | 'token'> : never;

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The test has not got ${what}.`);
  return value;
}
