import { describe, expect, it } from 'vitest';
import { CallNames } from './call-names';
import { MemoryFiles } from './memory-files';
import { MemorySite } from './memory-site';
import { WORKLOADS, type Workload } from './workloads';
import { World } from './world';

async function run(workload: Workload): Promise<{ site: MemorySite; world: World; names: string[] }> {
  const site = new MemorySite(new MemoryFiles(), 'power');
  const world = new World(site, workload.options);
  const calls = new CallNames(site.disk, site.root);
  const names: string[] = [];
  site.files.plan = (call, args) => void names.push(calls.next(call, args));
  site.time.enter();
  try {
    await site.time.run(workload.name, workload.run(world), 60_000);
  } finally {
    site.time.leave();
  }
  return { site, world, names };
}

describe.each(WORKLOADS)('the workload $name in memory', (workload) => {
  it('makes the same calls each time, is answered, and leaves nothing open', { timeout: 120_000 }, async () => {
    const one = await run(workload);
    expect(one.site.disk.openPaths).toEqual([]);
    expect(one.site.disk.watched).toBe(0);
    expect(one.site.told).toEqual([]);
    const { entries } = one.world.ledger;
    expect(entries.filter(({ state, call }) => state === 'asked' && !/^hand:|^drop/.test(call))).toEqual([]);
    // What is packed on the thread pool ends in no certain order with the rest.
    expect((await run(workload)).names.sort()).toEqual(one.names.sort());
  });
});
