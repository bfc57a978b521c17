import { appendFileSync, readdirSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@leviathan/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from './files';
import { Inbox } from './inbox';
import { Layout } from './layout';
import { Quarantine } from './quarantine';
import { Engine, FolderHost } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

/** Long enough for a machine that has much else to do; far below the 30 s after which a scan would notice anyway. */
const SOON_MS = 15_000;

async function soon(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SOON_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`In vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function live(root = join(tempDir(), 'with spaces', 'ünïcode 🐋')): Promise<FolderHost<Clock>> {
  const host = new FolderHost<Clock>({ clock: systemClock, root });
  await host.view.start();
  return host;
}

async function withFailed(host: FolderHost<Clock>, id: string): Promise<void> {
  await host.add([id]);
  await host.fail(await host.claim());
  await soon('the file stands in failed/', () => host.names().includes(`failed/${id}.json`));
}

describe('by events alone', { timeout: 60_000 }, () => {
  it('files follow the jobs, and wishes follow the files', async () => {
    const host = await live();
    await withFailed(host, 'x');
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await soon('the job is retried', () => host.status('x') === 'pending');
    await soon('its file is written', async () => (await host.differences()).length === 0);
    writeFileSync(host.path('pending', 'x'), JSON.stringify({ ...host.read('pending', 'x'), priority: 1 }));
    await soon('the job is edited', () => host.engine.table.entries.get('x')?.priority === 1);
    await soon('its file is written', async () => (await host.differences()).length === 0);
    unlinkSync(host.path('pending', 'x'));
    await soon('the job is cancelled', () => host.status('x') === 'failed');
    await soon('its file is written', async () => (await host.differences()).length === 0);
    unlinkSync(host.path('failed', 'x'));
    await soon('the job is removed', () => host.status('x') === undefined);
    expect(host.errors).toEqual([]);
    expect(host.quarantined()).toEqual([]);
  });

  it('a thousand jobs come and go, and none of the own writes is taken for a wish', async () => {
    const host = await live();
    for (let round = 0; round < 10; round++) {
      await host.add(Array.from({ length: 100 }, (_, i) => `j${round}-${i}`));
      const held = await host.claim(80);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await host.complete(held.slice(0, 50));
      await host.fail(held.slice(50));
      await host.engine.change({ change: { action: 'retry' }, target: { filter: { status: 'failed' } } });
    }
    await soon('the folders show the jobs', async () => (await host.differences()).length === 0);
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual([]);
  });

  it('a folder that is replaced is filled and watched again', async () => {
    const host = await live();
    await withFailed(host, 'x');
    renameSync(host.layout.folder('failed'), join(host.layout.root, 'away'));
    await soon(
      'the file is written again',
      () => readdirSync(host.layout.root).includes('failed') && host.names().includes('failed/x.json'),
    );
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await soon('the job is retried', () => host.status('x') === 'pending');
    expect(host.engine.asked).toEqual(['retry x']);
  });

  it('a folder that was removed is made again', async () => {
    const host = await live();
    await withFailed(host, 'x');
    rmSync(host.layout.folder('failed'), { recursive: true });
    await soon(
      'the file is written again',
      () => readdirSync(host.layout.root).includes('failed') && host.names().includes('failed/x.json'),
    );
    expect(host.status('x')).toBe('failed');
  });

  it.runIf(process.platform === 'linux')('a wish is met although its event was dropped', async () => {
    const host = await live();
    await withFailed(host, 'x');
    const [a, b] = ['.a', '.b'].map((name) => join(host.layout.folder('failed'), name)) as [string, string];
    for (const path of [a, b]) appendFileSync(path, '');
    // Equal events in a row count once, so there are two files. 50,000 overflow any queue while nobody reads it.
    for (let i = 0; i < 25_000; i++) for (const path of [a, b]) utimesSync(path, i, i);
    for (const path of [a, b]) unlinkSync(path);
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await soon('the job is retried', () => host.status('x') === 'pending');
    await soon('its file is written', async () => (await host.differences()).length === 0);
    expect(host.engine.asked).toEqual(['retry x']);
  });

  it('a thousand files that are dropped at once are adopted', async () => {
    const host = await live();
    for (let i = 0; i < 1_000; i++) {
      writeFileSync(
        host.path('pending', `n${i}`),
        JSON.stringify({ id: `n${i}`, type: 'a', status: 'pending', data: i }),
      );
    }
    await soon('all are adopted', () => host.engine.table.size === 1_000);
    await host.view.flush();
    expect(await host.differences()).toEqual([]);
    expect(host.quarantined()).toEqual([]);
  });
});

describe('the inbox, by events alone', { timeout: 60_000 }, () => {
  it('takes what is dropped, also after its folder was replaced', async () => {
    const layout = new Layout(join(tempDir(), 'ünïcode 🐋'));
    layout.ensure(nodeFiles);
    const engine = new Engine(systemClock);
    const inbox = new Inbox({
      ...{
        layout,
        files: nodeFiles,
        clock: systemClock,
        add: (specs) => engine.add(specs),
        validator: () => undefined,
      },
      quarantine: new Quarantine(layout, nodeFiles, systemClock),
    });
    onTestFinished(async () => {
      await inbox.stop();
      await engine.close();
    });
    await inbox.start();
    const drop = (name: string): void => {
      writeFileSync(join(layout.inbox, `.${name}`), JSON.stringify({ type: 'a', data: name }));
      renameSync(join(layout.inbox, `.${name}`), join(layout.inbox, name));
    };
    drop('1.json');
    await soon('the first is added', () => engine.table.size === 1);
    rmSync(layout.inbox, { recursive: true });
    await soon('the folder is there again', () => readdirSync(layout.root).includes('inbox'));
    drop('2.json');
    await soon('the second is added', () => engine.table.size === 2);
    await soon('the files are gone', () => readdirSync(layout.inbox).length === 0);
  });
});
