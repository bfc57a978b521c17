import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MemoryStore } from '../memory-store';
import type { GateSpec, MachineState } from '../resources';
import type { ClaimedJob, JobStore } from '../store';
import { FakeClock } from '../testing/fake-clock';
import { TypeLanes } from './lanes';

function setUp(machine: MachineState = {}) {
  const clock = new FakeClock();
  const store = new MemoryStore({ clock, machine: { read: () => machine } });
  const claim = async (limit = 100): Promise<string[]> =>
    (await store.claim({ worker: 'w', limit, wait: false })).map(({ job }) => job.id);
  const gate = (value: GateSpec) => store.define([{ kind: 'gate', name: 'g', value: { ...value } as never }]);
  return { clock, store, claim, gate, machine };
}

const add = (store: JobStore, ...ids: string[]) => store.add(ids.map((id) => ({ id, type: 'a', data: null })));

describe('a gate', () => {
  const cases: [GateSpec, closed: MachineState, open: MachineState, told: string][] = [
    [{ loadBelow: 0.8 }, { load: 0.9 }, { load: 0.7 }, 'the load is 0.90 per processor, not below 0.8'],
    [{ freeMemory: 100 }, { freeMemory: 99.9 }, { freeMemory: 100 }, '99 MB of memory are free, not 100'],
    [{ freeDisk: 100 }, { freeDisk: 5 }, { freeDisk: 200 }, '5 MB of the disk are free, not 100'],
    [{ power: 'mains' }, { onBattery: true }, { onBattery: false }, 'the machine is on battery'],
    [{ network: 'unmetered' }, { metered: true }, { metered: false }, 'the network is metered'],
    [{ idle: 60 }, { idle: 3 }, { idle: 60 }, 'the machine was used 3 s ago, not 60'],
  ];
  it.each(cases)('%j holds jobs back, says why, and lets them go by itself', async (spec, closed, open, told) => {
    const { store, claim, gate, machine, clock } = setUp({ ...closed });
    await gate(spec);
    await add(store, 'one');
    expect(await claim()).toEqual([]);
    expect((await store.explain(['one']))[0]?.sentence).toContain(`The gate g is closed: ${told}.`);
    const waiting = store.claim({ worker: 'w', limit: 1, wait: true });
    Object.assign(machine, open);
    await clock.advance(5_000);
    expect((await waiting).map(({ job }) => job.id)).toEqual(['one']);
  });

  it('that the machine cannot judge holds nothing back, and health says so', async () => {
    const { store, claim, gate } = setUp({});
    await gate({ power: 'mains', idle: 10 });
    await add(store, 'one');
    expect(await claim()).toEqual(['one']);
    expect(await store.health()).toMatchObject({
      status: 'degraded',
      problems: ['The gate g asks for power, idle, which cannot be told here: that holds nothing back.'],
    });
  });

  it('is about its types alone', async () => {
    const { store, claim, gate } = setUp({ onBattery: true });
    await gate({ types: ['b'], power: 'mains' });
    await add(store, 'one');
    expect(await claim()).toEqual(['one']);
  });
});

describe('rules', () => {
  const complete = async (store: JobStore, { job, token }: ClaimedJob): Promise<void> =>
    void (await store.settle([{ id: job.id, token, outcome: 'completed' }]));

  it('hand every job out once, with many groups, limits and pools, however jobs come and go', async () => {
    const { store, clock } = setUp();
    await store.define([
      { kind: 'limit', name: 'group', value: { by: 'group', concurrency: 2 } },
      { kind: 'limit', name: 'all', value: { concurrency: 25 } },
      { kind: 'limit', name: 'rate', value: { types: ['t0'], rate: { count: 5, per: 100 } } },
      { kind: 'pool', name: 'cpu', value: { capacity: 16 } },
    ]);
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % n;
    };
    const total = 3_000;
    await store.add(
      Array.from({ length: total }, (_, i) => ({
        ...{ id: `j${i}`, type: `t${random(3)}`, data: null, priority: 4 + random(3) },
        ...(random(3) > 0 && { group: `g${random(40)}` }),
        ...(random(4) === 0 && { needs: { cpu: 1 + random(4) } }),
      })),
    );
    const running = new Map<string, ClaimedJob>();
    const ended = new Set<string>();
    while (ended.size < total) {
      const claimed = await store.claim({ worker: 'w', limit: 1 + random(30), wait: false });
      for (const one of claimed) {
        expect(running.has(one.job.id) || ended.has(one.job.id)).toBe(false);
        running.set(one.job.id, one);
      }
      const groups = new Map<string, number>();
      let cpu = 0;
      for (const { job } of running.values()) {
        if (job.group) groups.set(job.group, (groups.get(job.group) ?? 0) + 1);
        cpu += job.needs?.cpu ?? 0;
      }
      expect(running.size).toBeLessThanOrEqual(25);
      expect(Math.max(0, ...groups.values())).toBeLessThanOrEqual(2);
      expect(cpu).toBeLessThanOrEqual(16);
      for (const one of [...running.values()].slice(0, 1 + random(10))) {
        await complete(store, one);
        running.delete(one.job.id);
        ended.add(one.job.id);
      }
      await clock.advance(random(60));
    }
    expect((await store.counts()).completed).toBe(total);
  });

  it('cost a claim the same however many groups wait behind their limits', async () => {
    const { store } = setUp();
    await store.define([{ kind: 'limit', name: 'group', value: { by: 'group', concurrency: 1 } }]);
    await store.add(
      Array.from({ length: 4_000 }, (_, i) => ({ type: 'a', data: null, id: `j${i}`, group: `g${i % 1_000}` })),
    );
    const first = await store.claim({ worker: 'w', limit: 4_000, wait: false });
    expect(first).toHaveLength(1_000);
    expect(await store.claim({ worker: 'w', limit: 5, wait: false })).toEqual([]);
    const moved = vi.spyOn(TypeLanes.prototype, 'place');
    onTestFinished(() => moved.mockRestore());
    for (const one of first.slice(0, 100)) {
      await complete(store, one);
      const [claimed] = await store.claim({ worker: 'w', limit: 5, wait: false });
      expect(claimed?.job.group).toBe(one.job.group);
    }
    // Each end lets one lane try, each start puts it aside again: the 900 others are not looked at.
    expect(moved.mock.calls.length).toBeLessThan(600);
  });
});
