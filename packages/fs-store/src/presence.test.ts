import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from './files';
import { systemHost } from './host';
import { Presence } from './presence';
import { startChild } from './testing/child';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

describe.each([
  ['the kernel locks', false],
  ['lock files', true],
])('presence by %s', (_name, fallback) => {
  const make = (root = tempDir()) => ({
    root,
    dir: join(root, 'clients'),
    presence: new Presence(nodeFiles, systemHost(nodeFiles, fallback), root),
  });

  /** Another process that shows that it is there. */
  async function enterElsewhere(dir: string, instance: string) {
    const child = startChild('lock-child.ts', [join(dir, `${instance}.lock`), fallback ? 'file' : 'kernel']);
    expect(await child.message()).toBe('ready');
    child.send('take');
    expect(await child.message()).toBe('held');
    return child;
  }

  it('ends although its file cannot be removed', () => {
    const files = faultyFiles();
    const presence = new Presence(files, systemHost(files, fallback), tempDir());
    const one = randomUUID();
    const lock = presence.enter(one);
    files.plan = (call) => (call === 'unlinkSync' ? 'EACCES' : undefined);
    presence.leave(one, lock);
    files.plan = undefined;
    expect(presence.isAlive(one)).toBe(false);
  });

  it('is that of a store that has not left', () => {
    const { presence, dir } = make();
    const [one, two] = [randomUUID(), randomUUID()];
    const lock = presence.enter(one);
    expect(presence.isAlive(one)).toBe(true);
    expect(presence.isAlive(two)).toBe(false);
    presence.leave(one, lock);
    expect(presence.isAlive(one)).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('ends with its process, however that ends', async () => {
    const { presence, dir } = make();
    mkdirSync(dir, { mode: 0o700 });
    const instance = randomUUID();
    const child = await enterElsewhere(dir, instance);
    expect(presence.isAlive(instance)).toBe(true);
    await child.kill();
    expect(presence.isAlive(instance)).toBe(false);
  });

  it('lasts while its process stands still', async () => {
    const { presence, dir } = make();
    mkdirSync(dir, { mode: 0o700 });
    const instance = randomUUID();
    const child = await enterElsewhere(dir, instance);
    child.process.kill('SIGSTOP');
    expect(presence.isAlive(instance)).toBe(true);
    presence.sweep();
    expect(presence.isAlive(instance)).toBe(true);
  });

  it('leaves nothing behind of the dead once it was swept, and the living and all else as they are', async () => {
    const { presence, dir } = make();
    mkdirSync(dir, { mode: 0o700 });
    const [here, there, dead] = [randomUUID(), randomUUID(), randomUUID()];
    const lock = presence.enter(here);
    await enterElsewhere(dir, there);
    const child = await enterElsewhere(dir, dead);
    await child.kill();
    writeFileSync(join(dir, 'notes.txt'), '');
    expect(readdirSync(dir).some((name) => name.startsWith(dead))).toBe(true);
    presence.sweep();
    expect([presence.isAlive(here), presence.isAlive(there)]).toEqual([true, true]);
    const names = readdirSync(dir);
    expect(names.filter((name) => name.startsWith(dead))).toEqual([]);
    expect(names).toContain('notes.txt');
    presence.leave(here, lock);
  });

  it("is its user's alone", () => {
    const { presence, dir } = make();
    const instance = randomUUID();
    const lock = presence.enter(instance);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    presence.leave(instance, lock);
  });

  it('of one name is there once', () => {
    const { presence } = make();
    const instance = randomUUID();
    const lock = presence.enter(instance);
    expect(() => presence.enter(instance)).toThrow(instance);
    presence.leave(instance, lock);
  });
});
