import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ChangeAction, ClaimedJob, JobPatch, JobSpec, JobStore, Json, Settlement } from '@leviathan/core';
import type { FakeClock } from '@leviathan/core/testing';

const TEXTS = ['plain', 'tab\there', 'line\nbreak', 'naïve — 鯨 🐋', '\u2028 \ud800', '"quoted" \\ back', ''];

/** Every kind of call of a store, by chance: whatever a record can say, it will say. */
export class RandomWork {
  /** Every kind of record. */
  readonly allOps = [
    ...['add', 'start', 'complete', 'retry', 'fail', 'release', 'report', 'checkpoint', 'cancel', 'edit', 'remove'],
    ...['step', 'await', 'refuse', 'pause', 'worker', 'restore'],
  ];
  private held: ClaimedJob[] = [];
  private ids: string[] = [];
  private named = 0;

  constructor(
    private readonly random: { below(limit: number): number },
    private readonly clock: FakeClock,
  ) {}

  /** So many calls, one after the other, then no more of them under way. */
  async run(store: JobStore, steps: number): Promise<void> {
    // A closed store gave back what was held.
    this.held = this.held.filter(({ job }) => this.ids.includes(job.id));
    for (let i = 0; i < steps; i++) {
      await this.step(store);
      if (this.random.below(10) === 0) await this.clock.advance(this.random.below(5_000));
    }
    await store.pause(false);
  }

  /** The kinds of record in the segments of a journal. */
  opsSeen(root: string): Set<string> {
    const dir = join(root, 'journal');
    const ops = new Set<string>();
    for (const name of readdirSync(dir).filter((file) => /^\d{16}\.ndjson/.test(file))) {
      const bytes = readFileSync(join(dir, name));
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      for (const line of text.split('\n')) if (line !== '') ops.add(JSON.parse(line.split('\t')[1] ?? '').op);
    }
    ops.delete('segment');
    return ops;
  }

  private async step(store: JobStore): Promise<void> {
    const { random } = this;
    const what = random.below(13);
    if (what < 3) await this.add(store);
    else if (what < 5) await this.claim(store);
    else if (what < 8) await this.settle(store);
    else if (what < 9) await this.report(store);
    else if (what < 11) await this.change(store);
    else if (what < 12) await this.undo(store);
    else if (random.below(3) === 0)
      await store.pause(random.below(2) === 0, random.below(2) === 0 ? { type: 'odd' } : {});
    else if (random.below(2) === 0)
      await store.takeBack([`w${random.below(3)}`], random.below(2) === 0 ? 'crashed' : 'released');
  }

  /** Whatever changed last: there may be nothing, or nothing left of it. */
  private async undo(store: JobStore): Promise<void> {
    if ((await store.undo().catch(() => undefined))?.changed === 0) await this.change(store);
  }

  private async add(store: JobStore): Promise<void> {
    const specs = Array.from({ length: 1 + this.random.below(4) }, () => this.spec());
    const [parent] = await store.get([this.pick(this.ids) ?? 'nobody']);
    if (parent && this.random.below(2) === 0) for (const spec of specs) spec.dependsOn = [parent.id];
    for (const { id } of await store.add(specs)) this.ids.push(id);
  }

  private spec(): JobSpec {
    const { random } = this;
    const maybe = (one: number): boolean => random.below(one) === 0;
    const spec: JobSpec = { type: maybe(2) ? 'even' : 'odd', data: this.json(), priority: 1 + random.below(10) };
    if (maybe(3)) spec.id = `named-${this.named++ % 40}`;
    if (maybe(4)) spec.runAt = this.clock.now() + random.below(20_000);
    if (maybe(40)) spec.runAt = 8.64e15 - random.below(1_000);
    if (maybe(4)) spec.maxAttempts = 1 + random.below(3);
    if (maybe(4)) spec.maxCrashes = 1 + random.below(2);
    if (maybe(4)) spec.timeout = 1 + random.below(100_000);
    if (maybe(4)) spec.backoff = { type: 'exponential', delay: 10, factor: 1.5, max: 1_000, jitter: 0.1 };
    if (maybe(4)) spec.ageing = 1 + random.below(9_000);
    if (maybe(4)) spec.key = `key ${random.below(20)}`;
    if (maybe(5)) spec.trace = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` };
    if (maybe(3)) spec.tags = [this.pick(TEXTS) || 'tag', 'second'];
    return spec;
  }

  private async claim(store: JobStore): Promise<void> {
    const worker = `w${this.random.below(3)}`;
    this.held.push(...(await store.claim({ worker, limit: 1 + this.random.below(3), wait: false })));
  }

  private async settle(store: JobStore): Promise<void> {
    const claimed = this.pick(this.held);
    if (!claimed) return;
    const { random } = this;
    const [id, token] = [claimed.job.id, random.below(8) === 0 ? '1' : claimed.token];
    const error = { name: 'Error', message: this.pick(TEXTS) ?? '', code: 'E', stack: 'at a\n\tat b' };
    const outcomes: Settlement[] = [
      { id, token, outcome: 'completed', result: this.json() },
      { id, token, outcome: 'completed' },
      { id, token, outcome: 'failed', error, reason: 'error', retryIn: random.below(3) * 1_000 },
      { id, token, outcome: 'failed', error, reason: 'timeout' },
      { id, token, outcome: 'released', delay: random.below(3) * 1_000 },
      { id, token, outcome: 'waiting', children: { name: `p${random.below(9)}`, jobs: [this.spec(), this.spec()] } },
    ];
    await store.settle([this.pick(outcomes) as Settlement]);
    if (token === claimed.token) this.held = this.held.filter((other) => other !== claimed);
  }

  private async report(store: JobStore): Promise<void> {
    const claimed = this.pick(this.held);
    if (!claimed) return;
    const { random } = this;
    const at = new Date(this.clock.now()).toISOString();
    const logs = Array.from({ length: random.below(60) }, (_, i) => ({
      at,
      level: 'info' as const,
      message: `line ${i}`,
    }));
    await store.report([
      {
        id: claimed.job.id,
        token: claimed.token,
        progress: random.below(1_000) / 10,
        ...(random.below(2) === 0 && { detail: this.json() }),
        ...(random.below(2) === 0 && { logs }),
        ...(random.below(2) === 0 && { checkpoint: this.json() }),
        ...(random.below(2) === 0 && { step: { name: `s${random.below(5)}`, result: this.json() } }),
        ...(random.below(4) === 0 && { stuck: true }),
      },
    ]);
  }

  private async change(store: JobStore): Promise<void> {
    const { random } = this;
    const patches: JobPatch[] = [
      { data: this.json() },
      { priority: 2, runAt: this.clock.now() + 3_000, tags: [], maxAttempts: 5 },
      { runAt: null, timeout: null, backoff: null, tags: ['x'] },
      { timeout: 5, backoff: { type: 'fixed', delay: 1 } },
    ];
    const changes: ChangeAction[] = [
      { action: 'cancel' },
      { action: 'retry' },
      { action: 'remove' },
      { action: 'reprioritise', priority: 1 + random.below(10) },
      { action: 'move', target: { to: random.below(2) === 0 ? 'top' : 'bottom' } },
      { action: 'edit', patch: this.pick(patches) as JobPatch },
    ];
    const some = [this.pick(this.ids), this.pick(this.ids), this.pick(this.held)?.job.id];
    const ids = some.map((id) => id ?? 'nobody');
    await store.change({ change: this.pick(changes) as ChangeAction, target: { ids: [...new Set(ids)] }, by: 'test' });
  }

  private json(): Json {
    const values: Json[] = [
      null,
      0.1,
      -1e21,
      this.pick(TEXTS) ?? '',
      [],
      {},
      { text: 'x'.repeat(this.random.below(300)), deep: [{ [this.pick(TEXTS) ?? '']: true }] },
    ];
    return this.pick(values) ?? null;
  }

  private pick<T>(list: readonly T[]): T | undefined {
    return list[this.random.below(Math.max(list.length, 1))];
  }
}
