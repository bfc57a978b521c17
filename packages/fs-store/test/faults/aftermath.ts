/** What must be true when nothing goes wrong any more. */
import { fsStore } from '../../src/fs-store';
import type { FsStoreOptions } from '../../src/options';
import { isLoss, recover } from '../../src/recovery';
import { MemorySite } from '../support/memory-site';
import type { Expected } from './expected';
import { archivedJobs, brokenUnities, wrongFolders, wrongJobs } from './inspect';

/** Virtual time (ms) that anything may take now. */
const LIMIT = 20_000;
/** What the inbox, the folders and the watch over dead processes may take (ms). */
const SETTLING = 5_000;

/** Opens the store again: it shows what it must, takes new work, and closes with nothing left open. */
export async function afterMath(site: MemorySite, options: FsStoreOptions, expected: Expected): Promise<string[]> {
  const { time, disk, root, clock } = site;
  const problems: string[] = [];
  if (disk.openPaths.length > 0) problems.push(`left open: ${disk.openPaths.join(', ')}`);
  const store = fsStore({ ...options, root, clock });
  await time.run('open, afterwards', store.open(), LIMIT);
  await time.pass(SETTLING);
  await time.run(
    'inbox',
    site.until(() => site.outside.list(`${root}/inbox`).every((name) => name.startsWith('.'))),
    LIMIT,
  );
  problems.push(...(await time.run('list', wrongJobs(store, expected, archivedOf(site, options)), LIMIT)));
  problems.push(...(await time.run('list', brokenUnities(store, clock.now()), LIMIT)));
  await time.run('tidy', store.tidy(), LIMIT);
  const some = options.pendingFiles !== undefined;
  problems.push(...(await time.run('folders', wrongFolders(store, disk, root, some), LIMIT)));
  problems.push(...(await time.run('work', newWork(store), LIMIT)));
  await time.run('close, afterwards', store.close(), LIMIT);
  if (disk.openPaths.length > 0) problems.push(`open after the end: ${disk.openPaths.join(', ')}`);
  if (disk.watched > 0) problems.push(`${disk.watched} folders are watched after the end`);
  const { findings } = await time.run('replay', recover(disk, `${root}/journal`, clock), LIMIT);
  for (const { kind, file, message } of findings.filter(isLoss))
    problems.push(`journal/${file} is damaged: ${kind}, ${message}`);
  return problems;
}

/** Opens what a power cut at this moment would leave, with nothing of it that was not synced. */
export async function afterPowerCut(site: MemorySite, options: FsStoreOptions, expected: Expected): Promise<string[]> {
  const cut = new MemorySite(site.disk.copy(true), 'power');
  // Other processes run after a power cut: what the lock files name is gone.
  for (const path of [`${cut.root}/lock.pid`, ...locksOf(cut)]) cut.outside.remove(path);
  const { clock, root } = cut;
  await clock.advance(site.clock.now() - clock.now());
  const store = fsStore({ ...options, ...cut.options, root, clock });
  cut.time.enter();
  try {
    await cut.time.run('open after a power cut', store.open(), LIMIT);
    await cut.time.pass(SETTLING);
    if (expected.mayForgetStarts) forgetStarts(expected);
    const problems = await cut.time.run('list', wrongJobs(store, expected, archivedOf(cut, options)), LIMIT);
    // What nobody is told of waits for the device no more than a start does.
    if (!expected.mayForgetStarts)
      problems.push(...(await cut.time.run('list', brokenUnities(store, clock.now()), LIMIT)));
    await cut.time.run('close', store.close(), LIMIT);
    return problems.map((problem) => `after a power cut: ${problem}`);
  } finally {
    site.time.enter();
  }
}

function forgetStarts(expected: Expected): void {
  for (const { attempts } of expected.jobs.values()) {
    for (let fewer = Math.max(...attempts) - 1; fewer >= 0; fewer--) attempts.add(fewer);
  }
}

function archivedOf(site: MemorySite, { retention }: FsStoreOptions): Map<string, import('@leviathan/core').Job> {
  return retention ? archivedJobs(site.disk, site.root) : new Map();
}

function locksOf({ outside, root }: MemorySite): string[] {
  return outside.list(`${root}/clients`).map((name) => `${root}/clients/${name}`);
}

async function newWork(store: ReturnType<typeof fsStore>): Promise<string[]> {
  const [added] = await store.add([{ id: 'fresh', type: 'fresh', data: { fresh: true } }]);
  const [claimed] = await store.claim({ worker: 'fresh', limit: 1, types: { fresh: 1 }, wait: false });
  if (!added?.added || !claimed) return ['new work is not taken'];
  const { job, token } = claimed;
  const [settled] = await store.settle([{ id: job.id, token, outcome: 'completed', result: 1 }]);
  return settled?.accepted ? [] : ['new work is not settled'];
}
