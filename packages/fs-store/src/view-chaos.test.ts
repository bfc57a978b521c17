import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { JOB_STATUSES, type JobStatus } from '@leviathan/core';
import { expect, it } from 'vitest';
import { FolderHost } from './testing/folder-host';
import { randomFrom, testSeed } from './testing/random';

const JOBS = 150;
const ROUNDS = 120;

/** What the person did that may end a job, cancel it or run it again. */
interface Deeds {
  removed: Set<string>;
  moved: Set<string>;
}

/** One careless act on a random file; whatever it meets, as a person at a shell would. */
function meddle(host: FolderHost, random: { below(limit: number): number }, deeds: Deeds): void {
  const names = host.names();
  const name = names[random.below(names.length)];
  if (!name) return;
  const [status, file] = name.split('/') as [JobStatus, string];
  const path = join(host.layout.root, name);
  const id = basename(file, '.json');
  const age = (of: string): void => utimesSync(of, new Date(host.clock.now()), new Date(host.clock.now()));
  const other = JOB_STATUSES[random.below(4)] as JobStatus;
  switch (random.below(9)) {
    case 0:
      deeds.moved.add(id);
      renameSync(path, join(host.layout.folder(other), file));
      return;
    case 1:
      deeds.removed.add(id);
      unlinkSync(path);
      return;
    case 2:
      truncateSync(path, random.below(300));
      age(path);
      return;
    case 3:
      writeFileSync(path, Buffer.alloc(random.below(500)));
      age(path);
      return;
    case 4: {
      const copy = join(host.layout.folder(other), file);
      if (!existsSync(copy)) copyFileSync(path, copy);
      return;
    }
    case 5:
      copyFileSync(path, join(host.layout.folder(status), `${id} (copy ${random.below(1e6)}).json`));
      return;
    case 6:
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"priority": \d+/, `"priority": ${random.below(12)}`));
      return;
    case 7:
      writeFileSync(path, readFileSync(path, 'utf8').replace('"type"', '"tipe"'));
      return;
    default:
      writeFileSync(join(host.layout.folder(status), `new-${random.below(1e9)}.json`), readFileSync(path));
  }
}

async function work(host: FolderHost, random: { below(limit: number): number }): Promise<void> {
  const held = await host.claim(1 + random.below(8));
  const half = random.below(held.length + 1);
  await host.complete(held.slice(0, half));
  // Some stay active for a while: another round takes them back.
  if (random.below(2) === 0) await host.fail(held.slice(half));
  if (random.below(4) === 0) await host.engine.takeBack(['w'], 'released');
  if (random.below(4) === 0) {
    await host.engine.change({ change: { action: 'retry' }, target: { filter: { status: 'failed' } } });
  }
}

const first = testSeed();

it.each([first, first + 1, first + 2])(
  'folders and index agree after whatever a person did while jobs ran (LEVIATHAN_SEED=%i)',
  async (seed) => {
    const random = randomFrom(seed);
    const host = new FolderHost();
    await host.view.start();
    const ids = Array.from({ length: JOBS }, (_, i) => `j${i}`);
    await host.add(ids, { maxAttempts: 1 });
    await host.settle();
    const deeds: Deeds = { removed: new Set(), moved: new Set() };
    for (let round = 0; round < ROUNDS; round++) {
      for (let act = random.below(4); act > 0; act--) meddle(host, random, deeds);
      if (random.below(2) === 0) await work(host, random);
      if (random.below(3) === 0) await host.clock.advance(random.below(700));
      if (random.below(8) === 0) await host.view.scan();
    }
    // Longer than every patience: files that are not whole, and the regular scan.
    for (let i = 0; i < 4; i++) {
      await host.view.scan();
      await host.clock.advance(3_000);
      await host.view.flush();
    }
    expect(await host.differences()).toEqual([]);
    // A job leaves the store only if somebody removed its file.
    const lost = ids.filter((id) => !host.engine.table.entries.has(id) && !deeds.removed.has(id));
    expect(lost).toEqual([]);
    // And it is cancelled only if somebody moved or removed its file.
    const cancelled = ids.filter((id) => host.engine.table.entries.get(id)?.run?.reason === 'cancelled');
    expect(cancelled.filter((id) => !deeds.moved.has(id) && !deeds.removed.has(id))).toEqual([]);
    expect(host.errors).toEqual([]);
    expect(host.view.stats()).toMatchObject({ dirty: 0, lagMs: 0 });
  },
  120_000,
);
