import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlRecord, readControl, writeControl } from './control';
import { controlPath, PartFile, partPath } from './part';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'part-'));
});
afterAll(() => rm(folder, { recursive: true }));

const record: ControlRecord = {
  job: 'job_1',
  source: 'a'.repeat(64),
  url: 'http://host/a',
  finalUrl: 'http://host/a',
  resumable: true,
  validator: '"v1"',
  total: 1_000,
  durable: 400,
};

async function acquired(target: string): Promise<PartFile> {
  const part = await PartFile.acquire(target, { create: true });
  if (!(part instanceof PartFile)) throw new Error(`The part is ${part}.`);
  return part;
}

describe('the control record', () => {
  it('comes back as it was written', async () => {
    for (const sync of [true, false]) {
      await writeControl(join(folder, 'c'), record, { sync });
      expect(await readControl(join(folder, 'c'))).toEqual(record);
    }
    expect((await stat(join(folder, 'c'))).mode & 0o777).toBe(0o600);
  });

  it('counts as missing when any of its bytes is gone or changed', async () => {
    const path = join(folder, 'torn');
    await writeControl(path, record, { sync: false });
    const whole = await readFile(path);
    for (let length = 0; length < whole.length - 2; length += 7) {
      await writeFile(path, whole.subarray(0, length));
      expect(await readControl(path)).toBeUndefined();
    }
    for (let at = whole.indexOf('"record"'); at < whole.length - 1; at += 5) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect(await readControl(path)).toBeUndefined();
    }
    expect(await readControl(join(folder, 'nowhere'))).toBeUndefined();
  });
});

describe('a part file', () => {
  it('has one holder at a time in this process', async () => {
    const target = join(folder, 'one');
    const part = await acquired(target);
    expect(await PartFile.acquire(target, { create: true })).toBe('busy');
    await part.close();
    await (await acquired(target)).close();
  });

  it('has one holder among processes, and is free as soon as the holder dies', async () => {
    const target = join(folder, 'other');
    const script = fileURLToPath(new URL('../../test/hold-part-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@leviathan/source', '--import=tsx', script, target], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await PartFile.acquire(target, { create: true })).toBe('busy');
    child.kill('SIGKILL');
    await once(child, 'close');
    const part = await acquired(target);
    expect(part.guarded).toBe(true);
    await part.close();
  });

  it('is not the finished file that was a part a moment ago', async () => {
    const target = join(folder, 'raced');
    const first = await acquired(target);
    await rename(partPath(target), target);
    await first.close();
    const second = await acquired(target);
    expect(second.size).toBe(0);
    expect((await second.handle.stat()).ino).not.toBe((await stat(target)).ino);
    await second.close();
  });

  it.each([
    ['all of it, when the machine has not started since', true, 700],
    ['what was synced, when it has, or when that is unknown', false, 400],
  ])('can be relied on up to %s', async (_, isSameBoot, usable) => {
    const { bootId } = await import('./boot');
    const boot = isSameBoot ? await bootId() : 'another';
    const target = join(folder, `boot-${usable}`);
    await writeFile(partPath(target), Buffer.alloc(700));
    await writeControl(controlPath(target), { ...record, ...(boot !== undefined && { boot }) }, { sync: false });
    const part = await acquired(target);
    expect(part.usable).toBe(boot === undefined ? 400 : usable);
    await part.close();
  });

  it('is not made when it is only looked for', async () => {
    expect(await PartFile.acquire(join(folder, 'absent'), { create: false })).toBeUndefined();
  });
});
