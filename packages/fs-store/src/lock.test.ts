import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeFiles } from './files';
import { acquireLock, isLockedByOther, type Lock } from './lock';
import { ownIdentity } from './process-identity';
import { type Child, startChild } from './testing/child';
import { eventually } from './testing/eventually';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const held: Lock[] = [];

afterEach(() => {
  for (const lock of held.splice(0)) lock.release();
});

function acquire(path: string, options: Parameters<typeof acquireLock>[1] = {}): Lock | null {
  const lock = acquireLock(path, options);
  if (lock) held.push(lock);
  return lock;
}

async function holder(path: string, kind: 'kernel' | 'file'): Promise<Child> {
  const child = startChild('./lock-child.ts', [path, kind]);
  expect(await child.message()).toBe('ready');
  return child;
}

async function ask(child: Child, message: 'take' | 'release'): Promise<unknown> {
  child.send(message);
  return child.message();
}

describe.each(['kernel', 'file'] as const)('a lock held by %s', (kind) => {
  const options = { fallback: kind === 'file' };

  it('is of that kind, private, and seen by probes', () => {
    const path = join(tempDir(), 'lock');
    expect(isLockedByOther(path, options)).toBe(false);
    const lock = acquire(path, options);
    expect(lock?.kind).toBe(kind);
    expect(lock?.isHeld()).toBe(true);
    expect(isLockedByOther(path, options)).toBe(true);
    const file = kind === 'kernel' ? path : `${path}.pid`;
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not given twice, in one process neither, until it is released', () => {
    const path = join(tempDir(), 'lock');
    const first = acquire(path, options);
    expect(acquire(path, options)).toBeNull();
    first?.release();
    first?.release();
    expect(first?.isHeld()).toBe(false);
    expect(isLockedByOther(path, options)).toBe(false);
    expect(acquire(path, options)?.isHeld()).toBe(true);
  });

  it('survives probes, and a probe takes nothing', () => {
    const path = join(tempDir(), 'lock');
    expect(isLockedByOther(path, options)).toBe(false);
    expect(readdirSync(join(path, '..'))).toEqual([]);
    const lock = acquire(path, options);
    for (let i = 0; i < 10; i++) isLockedByOther(path, options);
    expect(lock?.isHeld()).toBe(true);
    expect(acquire(path, options)).toBeNull();
  });

  it('notices that somebody removed its file', () => {
    const path = join(tempDir(), 'lock');
    const lock = acquire(path, options);
    rmSync(kind === 'kernel' ? path : `${path}.pid`);
    expect(lock?.isHeld()).toBe(false);
  });

  it('is refused to a second process, and free when the first one is killed', async () => {
    const path = join(tempDir(), 'lock');
    const child = await holder(path, kind);
    expect(await ask(child, 'take')).toBe('held');
    expect(isLockedByOther(path, options)).toBe(true);
    expect(acquire(path, options)).toBeNull();
    await child.kill();
    expect(isLockedByOther(path, options)).toBe(false);
    expect(acquire(path, options)?.isHeld()).toBe(true);
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('after') || name.endsWith('.tmp'))).toEqual([]);
  });

  it('goes to exactly one of 20 processes, again and again, also behind a dead holder', async () => {
    const path = join(tempDir(), 'lock');
    const children = await Promise.all(Array.from({ length: 20 }, () => holder(path, kind)));
    for (let round = 0; round < 12; round++) {
      const answers = await Promise.all(children.map((child) => ask(child, 'take')));
      expect(
        answers.filter((answer) => answer === 'held'),
        `round ${round}`,
      ).toHaveLength(1);
      const winner = children[answers.indexOf('held')];
      if (!winner) throw new Error('nobody won');
      if (round % 2 === 0) {
        // The next round starts with the file of a dead holder.
        await winner.kill();
        children.splice(children.indexOf(winner), 1);
      } else await ask(winner, 'release');
    }
  }, 120_000);
});

describe('the two kinds of lock', () => {
  it.runIf(process.platform === 'linux')('exclude each other', () => {
    const path = join(tempDir(), 'lock');
    const kernel = acquire(path);
    expect(acquire(path, { fallback: true })).toBeNull();
    expect(isLockedByOther(path, { fallback: true })).toBe(true);
    kernel?.release();
    const file = acquire(path, { fallback: true });
    expect(acquire(path)).toBeNull();
    expect(isLockedByOther(path)).toBe(true);
    file?.release();
    expect(acquire(path)?.kind).toBe('kernel');
  });

  it.runIf(process.platform === 'linux')('free each other when the holder is killed', async () => {
    const path = join(tempDir(), 'lock');
    for (const [kind, fallback] of [
      ['kernel', true],
      ['file', false],
    ] as const) {
      const child = await holder(path, kind);
      expect(await ask(child, 'take')).toBe('held');
      expect(acquire(path, { fallback })).toBeNull();
      await child.kill();
      const lock = acquire(path, { fallback });
      expect(lock?.isHeld()).toBe(true);
      lock?.release();
    }
  });

  it('let the kernel decide over a holder of the kernel lock that cannot be looked at', () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(`${path}.pid`, holderFile({ host: 'elsewhere', bootId: null, kernel: true }));
    expect(isLockedByOther(path)).toBe(false);
    expect(acquire(path)?.isHeld()).toBe(true);
  });

  it('leave the kernel lock usable when the disk is full', () => {
    const path = join(tempDir(), 'lock');
    const files = faultyFiles((call) => (call === 'writeSync' ? 'ENOSPC' : undefined));
    expect(acquire(path, { files })?.kind).toBe('kernel');
    expect(acquire(path)).toBeNull();
  });
});

function holderFile(changes: object): string {
  const nonce = '00000000-0000-4000-8000-000000000000';
  return JSON.stringify({ ...ownIdentity(), kernel: false, nonce, ...changes });
}

describe('a lock file found', () => {
  const options = { fallback: true };

  it.each([
    ['empty', ''],
    ['torn', holderFile({}).slice(0, 40)],
    ['full of zeros', '\0'.repeat(300)],
    ['without the fields it needs', '{"pid":1}'],
    ['with a nonce that is a path', holderFile({ nonce: '../../../../../../etc/passwd-0000000' })],
  ])('%s has no living writer, and is replaced', (_what, content) => {
    const path = join(tempDir(), 'lock');
    writeFileSync(`${path}.pid`, content);
    expect(isLockedByOther(path, options)).toBe(false);
    expect(acquire(path, options)?.isHeld()).toBe(true);
    expect(acquire(path, options)).toBeNull();
    expect(readdirSync(join(path, '..'))).toEqual(['lock.pid']);
  });

  it('of a process whose pid another one has by now is replaced', () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(`${path}.pid`, holderFile({ startTime: '12345' }));
    expect(acquire(path, options)?.isHeld()).toBe(true);
  });

  it('of an earlier boot is replaced', () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(`${path}.pid`, holderFile({ bootId: 'earlier' }));
    expect(isLockedByOther(path, options)).toBe(ownIdentity().bootId === null);
  });

  it.each([
    ['of another machine', { host: 'elsewhere', bootId: 'its boot' }],
    ['of another container', { pidNamespace: 'pid:[7]', pid: 99_999_999 }],
    ['of a living process', {}],
  ])('%s stays, however old it is', (_what, changes) => {
    const path = join(tempDir(), 'lock');
    const content = holderFile(changes);
    writeFileSync(`${path}.pid`, content);
    nodeFiles.utimesSync(`${path}.pid`, 0);
    expect(acquire(path, options)).toBeNull();
    expect(isLockedByOther(path, options)).toBe(true);
    expect(readFileSync(`${path}.pid`, 'utf8')).toBe(content);
    expect(readdirSync(join(path, '..'))).toEqual(['lock.pid']);
  });

  it('is succeeded by one, when breakers before it died half way', () => {
    const path = join(tempDir(), 'lock');
    const nonce = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
    const dead = (n: number) => holderFile({ startTime: '1', nonce: nonce(n) });
    writeFileSync(`${path}.pid`, dead(1));
    writeFileSync(`${path}.pid.after-${nonce(1)}`, dead(2));
    writeFileSync(`${path}.pid.after-${nonce(2)}`, dead(3));
    expect(acquire(path, options)?.isHeld()).toBe(true);
    expect(readdirSync(join(path, '..'))).toEqual(['lock.pid']);
  });

  it('is left alone when a living process is about to succeed it', () => {
    const path = join(tempDir(), 'lock');
    const nonce = '00000000-0000-4000-8000-000000000001';
    writeFileSync(`${path}.pid`, holderFile({ startTime: '1', nonce }));
    writeFileSync(`${path}.pid.after-${nonce}`, holderFile({}));
    expect(acquire(path, options)).toBeNull();
  });

  it('is not taken when its place was filled between the look and the claim', () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(`${path}.pid`, holderFile({ startTime: '1' }));
    const living = holderFile({ nonce: '00000000-0000-4000-8000-000000000009' });
    // Another breaker comes in between, entirely: it replaces the dead holder and frees the name of the succession.
    const files = faultyFiles((call, args) => {
      if (call === 'linkSync' && String(args[1]).includes('.after-')) writeFileSync(`${path}.pid`, living);
      return undefined;
    });
    expect(acquire(path, { ...options, files })).toBeNull();
    expect(readFileSync(`${path}.pid`, 'utf8')).toBe(living);
    expect(readdirSync(join(path, '..'))).toEqual(['lock.pid']);
  });

  it('is not removed by a release when it is somebody else by now', () => {
    const path = join(tempDir(), 'lock');
    const lock = acquire(path, options);
    writeFileSync(`${path}.pid`, holderFile({}));
    lock?.release();
    expect(existsSync(`${path}.pid`)).toBe(true);
  });
});

describe('a lock file that the disk does not let go', () => {
  const path = () => join(tempDir(), 'lock');

  it('counts as free to the process that released it, and throws nothing', () => {
    const files = faultyFiles();
    const at = path();
    const lock = acquire(at, { files, fallback: true });
    files.plan = (call) => (call === 'unlinkSync' || call === 'openSync' ? 'EIO' : undefined);
    lock?.release();
    files.plan = undefined;
    expect(existsSync(`${at}.pid`)).toBe(true);
    expect(isLockedByOther(at, { files, fallback: true })).toBe(false);
    expect(acquire(at, { files, fallback: true })?.isHeld()).toBe(true);
  });

  it('is removed once that can be done: other processes wait for it', async () => {
    const files = faultyFiles();
    const at = path();
    const lock = acquire(at, { files, fallback: true });
    files.plan = (call) => (call === 'unlinkSync' ? 'EBUSY' : undefined);
    lock?.release();
    files.plan = undefined;
    await eventually('the file is gone', () => !existsSync(`${at}.pid`));
  });

  it('is taken by whoever got it, although the folder cannot be read afterwards', () => {
    const files = faultyFiles((call) => (call === 'readdirSync' ? 'EMFILE' : undefined));
    const at = path();
    expect(acquire(at, { files, fallback: true })?.isHeld()).toBe(true);
  });
});
