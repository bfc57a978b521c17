import type { JobSpec } from '../../job';
import type { ChangeRequest } from '../../store';
import type { Feature } from '../store-under-test';
import { expect } from '../vitest-api';
import { type Harness, iso } from './harness';
import { type Attempt, ModelDraw, TYPES, WORKERS } from './model-draw';
import { ModelStore } from './model-store';
import { countsView, eventsView, viewOf } from './model-view';
import type { Random } from './random';
import type { Recorder } from './recorder';

/** Random calls on a store and on the model, with both compared after each. */
export class ModelRun {
  readonly trace: string[] = [];
  readonly #model: ModelStore;
  readonly #draw: ModelDraw;
  /** Attempts that were taken back: their tokens must open nothing. */
  readonly #lost: Attempt[] = [];
  readonly #revisions = new Map<string, { rev: number; state: string }>();
  #recorder: Recorder | undefined;

  /**
   * @param moves Whether jobs are moved. What a later change of priority makes of the order is open then, so a run has either.
   */
  constructor(
    readonly h: Harness,
    readonly random: Random,
    readonly lacking: Map<Feature, string>,
    readonly moves: boolean,
  ) {
    this.#model = new ModelStore(() => h.now());
    this.#draw = new ModelDraw(this.#model, random, h.controlsTime, !lacking.has('dependencies'));
  }

  async run(steps: number): Promise<void> {
    this.#recorder = await this.h.record();
    for (let step = 0; step < steps; step++) {
      const pendingBefore = new Set(this.#model.queue().map((job) => job.id));
      await this.#step();
      await this.#compare(pendingBefore);
    }
    await this.#compareEvents();
  }

  async #step(): Promise<void> {
    const { random } = this;
    const timed = this.h.controlsTime;
    const steps: [weight: number, step: () => Promise<void>][] = [
      [20, () => this.#add()],
      [20, () => this.#claim()],
      [20, () => this.#settle()],
      [8, () => this.#report()],
      [10, () => this.#takeBack()],
      [15, () => this.#change()],
      [4, () => this.#pause()],
      [4, () => this.#list()],
      [timed ? 8 : 0, () => this.#advance()],
      [this.lacking.has('persistence') ? 0 : 2, () => this.#reopen()],
    ];
    let at = random.next() * steps.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, step] of steps) {
      at -= weight;
      if (at < 0) return step();
    }
  }

  async #add(): Promise<void> {
    const { random } = this;
    const specs: JobSpec[] = [];
    for (let n = random.int(1, 4); n > 0; n--) specs.push(this.#draw.spec(specs));
    this.#note('add', specs);
    expect(await this.h.store.add(specs)).toEqual(this.#model.add(specs));
  }

  async #claim(): Promise<void> {
    const { random } = this;
    const worker = random.pick(WORKERS);
    const limit = random.int(1, 4);
    const types = random.chance(0.4)
      ? Object.fromEntries(random.some(TYPES, 0.6).map((type) => [type, random.int(0, 2)]))
      : undefined;
    const expected = this.#model.claimable(limit, types);
    const wait = expected.length > 0 && random.chance(0.3);
    this.#note('claim', { worker, limit, types, wait });
    const claimed = await this.h.soon(this.h.store.claim({ worker, limit, wait, ...(types && { types }) }), 'claim');
    expect(claimed.map(({ job }) => job.id)).toEqual(expected);
    for (const { job, token } of claimed) this.#model.start(job.id, worker, token);
  }

  async #settle(): Promise<void> {
    const settlements = this.#draw.attempts(0.4, this.#lost).map((attempt) => this.#draw.settlement(attempt));
    // The state that a refusal tells may be the one after the whole batch.
    for (const settlement of settlements) {
      this.#note('settle', settlement);
      expect(await this.h.store.settle([settlement])).toEqual([this.#model.settle(settlement)]);
    }
  }

  async #report(): Promise<void> {
    const { random } = this;
    for (const { id, token } of this.#draw.attempts(0.5, this.#lost)) {
      const progress = random.int(0, 100);
      const log = `line ${random.int(0, 999)}`;
      const news = {
        ...(random.chance(0.7) && { progress }),
        ...(random.chance(0.3) && { detail: { at: progress } }),
        ...(random.chance(0.3) && { checkpoint: random.int(0, 9) }),
        ...(random.chance(0.1) && { stuck: true }),
      };
      const logs = random.chance(0.4) ? [{ at: iso(this.h.now()), level: 'info' as const, message: log }] : undefined;
      this.#note('report', { id, token, ...news, log: logs && log });
      const results = await this.h.store.report([{ id, token, ...news, ...(logs && { logs }) }]);
      expect(results).toEqual([this.#model.report(id, token, { ...news, ...(logs && { log }) })]);
    }
  }

  async #takeBack(): Promise<void> {
    const { random } = this;
    const workers = random.some(WORKERS, 0.5);
    const cause = random.pick(['released', 'crashed', 'crashed'] as const);
    const keep = random.some([...this.#model.tokens.values()], 0.2);
    this.#note('takeBack', { workers, cause, keep });
    const running = new Map(this.#model.tokens);
    expect(await this.h.store.takeBack(workers, cause, { keep })).toBe(this.#model.takeBack(workers, cause, keep));
    for (const [id, token] of running) if (!this.#model.tokens.has(id)) this.#lost.push({ id, token });
  }

  async #change(): Promise<void> {
    const change = this.#draw.action(this.moves);
    const { target, ids } = this.#draw.target();
    const request: ChangeRequest = { change, target };
    this.#note('change', request);
    const before = await this.h.everything();
    const dry = await this.h.store.change({ ...request, dryRun: true });
    expect(await this.h.everything(), 'a dry run changes nothing').toEqual(before);
    const result = await this.h.store.change(request);
    expect(dry, 'a dry run says what the run does').toEqual({ ...result, dryRun: true });
    const expected = this.#model.change(change, ids);
    expect(result.matched).toBe(ids.length);
    expect(result.changed + result.skipped.reduce((sum, skip) => sum + skip.count, 0)).toBe(ids.length);
    // A job that stands at its new place already may count as moved, or as unchanged.
    if (change.action === 'move') return;
    expect([...result.ids].sort()).toEqual([...expected.ids].sort());
    const skipped = result.skipped.flatMap((skip) => skip.ids.map((id) => `${skip.reason} ${id}`));
    expect(skipped.sort()).toEqual(expected.skipped.map(([reason, id]) => `${reason} ${id}`).sort());
  }

  async #pause(): Promise<void> {
    const { random } = this;
    const type = random.chance(0.7) ? random.pick(TYPES) : undefined;
    const paused = random.chance(0.4);
    this.#note('pause', { paused, type });
    await this.h.store.pause(paused, type === undefined ? {} : { type });
    this.#model.pause(paused, type);
  }

  async #list(): Promise<void> {
    const filter = this.#draw.filter();
    const limit = this.random.int(1, 5);
    const desc = this.random.chance(0.5);
    this.#note('list', { filter, limit, desc });
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.h.store.list({
        filter,
        limit,
        direction: desc ? 'desc' : 'asc',
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.jobs.length).toBeLessThanOrEqual(limit);
      ids.push(...page.jobs.map((job) => job.id));
      cursor = page.next;
    } while (cursor !== undefined && ids.length <= this.#model.jobs.length);
    const expected = this.#draw.fitting(filter);
    expect(ids).toEqual(desc ? expected.reverse() : expected);
  }

  async #advance(): Promise<void> {
    const ms = this.random.int(0, 6_000);
    this.#note('advance', ms);
    await this.h.clock.advance(ms);
  }

  async #reopen(): Promise<void> {
    this.#note('reopen', {});
    await this.#compareEvents();
    for (const [id, token] of this.#model.tokens) this.#lost.push({ id, token });
    await this.h.reopen();
    this.#model.closeAndOpen();
    this.#model.events.length = 0;
    this.#recorder = await this.h.record();
  }

  async #compare(pendingBefore: Set<string>): Promise<void> {
    const model = this.#model;
    const jobs = await this.h.everything();
    expect(jobs.map(viewOf)).toEqual(model.jobs.map((job) => ({ ...job, waitingFor: [] })));
    this.#compareRevisions(
      jobs.map((job) => ({
        id: job.id,
        rev: job.rev,
        state: `${job.status} ${job.attempt} ${JSON.stringify(job.data)}`,
      })),
    );
    const queue = await this.h.queue();
    const expected = model.queue().map((job) => job.id);
    if (this.moves) {
      // Where a job that comes back stands among jobs that were moved meanwhile is open: the model learns it.
      const settled = (ids: string[]) => ids.filter((id) => pendingBefore.has(id) || id === ids.at(-1));
      if (queue.every((id) => pendingBefore.has(id))) expect(queue).toEqual(expected);
      else
        expect(settled(queue).filter((id) => pendingBefore.has(id))).toEqual(
          settled(expected).filter((id) => pendingBefore.has(id)),
        );
      model.order = [...model.order.filter((id) => !queue.includes(id)), ...queue];
    } else expect(queue).toEqual(expected);
    expect(countsView(await this.h.store.counts())).toEqual(model.counts());
  }

  #compareRevisions(jobs: { id: string; rev: number; state: string }[]): void {
    for (const { id, rev, state } of jobs) {
      const before = this.#revisions.get(id);
      if (before && before.state !== state) expect(rev, `the revision of ${id}`).toBeGreaterThan(before.rev);
      else if (before) expect(rev, `the revision of ${id}`).toBeGreaterThanOrEqual(before.rev);
      this.#revisions.set(id, { rev, state });
    }
    const there = new Set(jobs.map((job) => job.id));
    for (const id of this.#revisions.keys()) if (!there.has(id)) this.#revisions.delete(id);
  }

  async #compareEvents(): Promise<void> {
    if (!this.#recorder) return;
    const told = eventsView(await this.h.recorded(this.#recorder), this.moves);
    const expected = eventsView(this.#model.events, this.moves);
    expect(told).toEqual(expected);
  }

  #note(call: string, args: unknown): void {
    this.trace.push(`${call} ${JSON.stringify(args)}`);
  }
}
