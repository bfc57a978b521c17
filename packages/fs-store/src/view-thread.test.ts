import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '@leviathan/core';
import { systemClock } from '@leviathan/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './testing/bundle';
import { eventually } from './testing/eventually';
import { FolderHost, type HostOptions } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

let program: URL;
let mortal: URL;

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'leviathan-'));
  program = pathToFileURL(await bundle('../view-thread', dir));
  mortal = pathToFileURL(await bundle('mortal-thread-child', dir));
  return () => rmSync(dir, { recursive: true });
});

const ids = (count: number, prefix = 'j'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** More than one slice of writing, and little enough for a slow disk: how many files there are makes no other difference. */
const MANY = 400;

/** A host whose folders have a thread, since more was to be written than at once. */
async function busy(options: Omit<HostOptions, 'clock'> = {}): Promise<FolderHost<Clock>> {
  const host = new FolderHost<Clock>({ clock: systemClock, program, threadFrom: 1, ...options });
  await host.view.start();
  await host.add(ids(MANY));
  await eventually('the folders have a thread', () => host.view.isThreaded);
  return host;
}

/** Puts a file in the place of a folder. Whoever keeps it may make it again in between. */
function putInTheWay(folder: string): void {
  for (;;) {
    rmSync(folder, { recursive: true });
    try {
      writeFileSync(folder, 'in the way');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    }
  }
}

describe('folders that fall behind', () => {
  it('get a thread, and show the index all the same', async () => {
    const host = await busy();
    const held = await host.claim(300);
    await host.complete(held.slice(0, 150));
    await host.fail(held.slice(150, 200));
    await host.view.flush();
    expect(await host.differences()).toEqual([]);
    expect(host.view.stats()).toMatchObject({
      ...{ dirty: 0, lagMs: 0, skippedPending: 0 },
      files: { pending: 100, active: 100, completed: 150, failed: 50 },
    });
    expect(host.engine.asked).toEqual([]);
    expect(host.errors).toEqual([]);
  });

  it('are watched there: moves, edits, removals and new files are requests', async () => {
    const host = await busy();
    await host.fail(await host.claim(1));
    await host.view.flush();
    renameSync(host.path('failed', 'j0'), host.path('pending', 'j0'));
    renameSync(host.path('pending', 'j1'), host.path('failed', 'j1'));
    unlinkSync(host.path('pending', 'j2'));
    writeFileSync(host.path('pending', 'j3'), JSON.stringify({ ...host.read('pending', 'j3'), priority: 1 }));
    writeFileSync(
      host.path('pending', 'new'),
      '{"id":"new","type":"a","status":"pending","data":1,"dependsOn":["j4"]}',
    );
    writeFileSync(host.path('failed', 'odd'), '{"id":"other"}');
    await eventually('all is asked for', () => host.engine.asked.length >= 5 && host.quarantined().length > 0);
    expect([...host.engine.asked].sort()).toEqual([
      'adopt new pending',
      'cancel j1',
      'cancel j2',
      'edit j3 {"priority":1}',
      'retry j0',
    ]);
    expect(host.quarantined()).toEqual(['OTHER_ID failed/odd.json']);
    await host.view.flush();
    expect(await host.differences()).toEqual([]);
    expect(host.read('pending', 'j3').priority).toBe(1);
  });

  it('are made again when somebody removes one', async () => {
    const host = await busy();
    await host.view.flush();
    rmSync(host.layout.folder('pending'), { recursive: true });
    await eventually('the folders are as they should be', async () => {
      await host.view.scan();
      await host.view.flush();
      return (await host.differences()).length === 0;
    });
    expect(host.engine.asked).toEqual([]);
  });

  it('tell why they cannot be written, and catch up', async () => {
    const host = await busy();
    await host.view.flush();
    putInTheWay(host.layout.folder('completed'));
    await host.complete(await host.claim(5));
    const codes = (): unknown[] => host.errors.map(({ cause }) => (cause as { code?: string }).code);
    await eventually('it is told', () => codes().includes('ENOTDIR') && host.view.stats().dirty >= 5);
    await eventually('the thread tells it, too', () =>
      host.errors.some(({ message }) => /cannot be made/.test(message)),
    );
    expect(host.errors).toEqual(
      host.errors.map(() => expect.objectContaining({ name: 'StoreError', code: 'FOLDERS' })),
    );
    expect(new Set(codes())).toEqual(new Set(['ENOTDIR']));
    rmSync(host.layout.folder('completed'));
    await eventually('the folders are as they should be', async () => {
      await host.view.scan();
      await host.view.flush();
      return (await host.differences()).length === 0;
    });
  });

  it('come back to the thread of the store when theirs dies, and lose nothing', async () => {
    const host = await busy({ program: mortal });
    await host.complete(await host.claim(300));
    await eventually('the thread is dead', () => !host.view.isThreaded);
    await eventually('the folders are as they should be', async () => {
      await host.view.flush();
      return (await host.differences()).length === 0;
    });
    expect(host.engine.asked).toEqual([]);
    unlinkSync(host.path('pending', 'j399'));
    await eventually('the wish is heard', () => host.engine.asked.length > 0);
    expect(host.engine.asked).toEqual(['cancel j399']);
  });

  it('stay on the thread of the store where there is no program for another', async () => {
    const host = new FolderHost<Clock>({ clock: systemClock, threadFrom: 1 });
    await host.view.start();
    await host.add(ids(MANY));
    await host.view.flush();
    expect(await host.differences()).toEqual([]);
    expect(host.view.isThreaded).toBe(false);
  });

  it('stay there, and say so, when the program of the thread is not to be had', async () => {
    const nowhere = pathToFileURL(`${tempDir()}/missing.mjs`);
    const host = new FolderHost<Clock>({ clock: systemClock, program: nowhere, threadFrom: 1 });
    await host.view.start();
    await host.add(ids(MANY));
    await eventually('the folders are as they should be', async () => {
      await host.view.flush();
      return (await host.differences()).length === 0;
    });
    expect(host.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The thread that keeps the folders died/),
    ]);
  });
});
