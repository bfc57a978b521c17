import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefinitionChange, StoreWriteError } from '@leviathan/core';
import { decideDefine, JobTable } from '@leviathan/core/engine';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DefinitionFiles } from './definition-files';
import { type Files, nodeFiles } from './files';
import { FsStore } from './fs-store';
import { Layout } from './layout';
import { Quarantine } from './quarantine';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const TWO = { concurrency: 2 };
const THREE = { concurrency: 3, types: ['download'] };

/** Definitions and their folder; `table` carries over what a process before knew. */
function setUp({ files = nodeFiles, root = tempDir(), table = new JobTable() } = {}) {
  const layout = new Layout(root);
  layout.ensure(nodeFiles);
  const clock = new FakeClock(Date.now());
  const errors: unknown[] = [];
  const record = async (change: DefinitionChange): Promise<void> => {
    for (const draft of decideDefine(table.definitions, [change])) {
      table.apply({ ...draft, seq: table.seq + 1, at: clock.now() } as Parameters<JobTable['apply']>[0]);
    }
  };
  const definitions = new DefinitionFiles({
    ...{ layout, files, clock, record },
    table: table.definitions,
    quarantine: new Quarantine(layout, files, clock),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => definitions.stop());
  const path = (name: string): string => join(layout.definitions('limit'), name);
  return {
    ...{ root, table, clock, errors, definitions, path, record },
    define: (change: DefinitionChange) => definitions.change([change], () => record(change)),
    values: () => Object.fromEntries(table.definitions.of('limit').map(({ name, value }) => [name, value])),
    reasons: () =>
      readdirSync(layout.quarantine)
        .filter((name) => name.endsWith('.reason.json'))
        .map((name) => JSON.parse(readFileSync(join(layout.quarantine, name), 'utf8'))),
  };
}

/** Lets whoever may still be writing be done. */
async function settle({ clock, definitions }: ReturnType<typeof setUp>): Promise<void> {
  await definitions.start();
  await clock.advance(60_000);
  await definitions.start();
}

describe('the file of a definition', () => {
  it('holds its value, readable and for its user alone', async () => {
    const { define, path } = setUp();
    await define({ kind: 'limit', name: 'three', value: THREE });
    expect(readFileSync(path('three.json'), 'utf8')).toBe(`${JSON.stringify(THREE, null, 2)}\n`);
    expect(nodeFiles.statSync(path('three.json')).mode & 0o777).toBe(0o600);
  });

  it('goes with it', async () => {
    const { define, path } = setUp();
    await define({ kind: 'limit', name: 'two', value: TWO });
    await define({ kind: 'limit', name: 'two', value: null });
    expect(existsSync(path('two.json'))).toBe(false);
  });

  it('that a person puts there defines something', async () => {
    const it = setUp();
    await it.definitions.start();
    writeFileSync(it.path('own.json'), JSON.stringify(TWO));
    await it.definitions.start();
    expect(it.values()).toEqual({ own: TWO });
  });

  it('that a person puts there, or removes, is not recorded before it survives a power cut', async () => {
    const done: string[] = [];
    const syncing: Pick<Files, 'fsync' | 'syncDir'> = {
      fsync: async (fd) => nodeFiles.fsync(fd).then(() => void done.push('file')),
      syncDir: async (path) => nodeFiles.syncDir(path).then(() => void done.push('folder')),
    };
    const it = setUp({ files: { ...nodeFiles, ...syncing } });
    const apply = it.table.apply.bind(it.table);
    it.table.apply = (record) => {
      done.push('record');
      return apply(record);
    };
    writeFileSync(it.path('own.json'), JSON.stringify(TWO));
    await it.definitions.start();
    expect(done).toEqual(['file', 'folder', 'record']);
    rmSync(it.path('own.json'));
    await settle(it);
    expect(done.slice(3)).toEqual(['folder', 'record']);
  });

  it('that a person edits changes it', async () => {
    const it = setUp();
    await it.define({ kind: 'limit', name: 'two', value: TWO });
    await it.definitions.start();
    writeFileSync(it.path('two.json'), JSON.stringify(THREE));
    await it.definitions.start();
    expect(it.values()).toEqual({ two: THREE });
    expect(JSON.parse(readFileSync(it.path('two.json'), 'utf8'))).toEqual(THREE);
  });

  it('that a person removes takes it along, once no editor is about to put it back', async () => {
    const it = setUp();
    await it.define({ kind: 'limit', name: 'two', value: TWO });
    await it.definitions.start();
    rmSync(it.path('two.json'));
    await it.definitions.start();
    expect(it.values()).toEqual({ two: TWO });
    await settle(it);
    expect(it.values()).toEqual({});
  });

  it.each([
    ['no JSON', '{"concurrency": 2'],
    ['nothing', ''],
    ['no object', '[1]'],
    ['null', 'null'],
    ['a fault', '{"concurrency": "many"}'],
  ])('with %s goes to quarantine, and the definition keeps its value', async (_, text) => {
    const it = setUp();
    await it.define({ kind: 'limit', name: 'two', value: TWO });
    await it.definitions.start();
    writeFileSync(it.path('two.json'), text);
    await settle(it);
    expect(it.values()).toEqual({ two: TWO });
    expect(JSON.parse(readFileSync(it.path('two.json'), 'utf8'))).toEqual(TWO);
    expect(it.reasons()).toEqual([expect.objectContaining({ from: 'limits/two.json' })]);
  });

  it('with another name than a definition’s goes to quarantine', async () => {
    const it = setUp();
    writeFileSync(it.path('Two (copy).json'), JSON.stringify(TWO));
    mkdirSync(it.path('folder.json'));
    await settle(it);
    expect(it.values()).toEqual({});
    expect(
      it
        .reasons()
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['NOT_A_DEFINITION', 'NOT_A_FILE']);
  });

  it('that was changed, added or removed while nobody looked counts', async () => {
    const first = setUp();
    for (const name of ['stays', 'edited', 'removed']) await first.define({ kind: 'limit', name, value: TWO });
    await first.definitions.stop();
    writeFileSync(first.path('edited.json'), JSON.stringify(THREE));
    writeFileSync(first.path('added.json'), JSON.stringify(THREE));
    rmSync(first.path('removed.json'));
    const second = setUp({ root: first.root, table: first.table });
    await second.definitions.start();
    expect(second.values()).toEqual({ stays: TWO, edited: THREE, added: THREE });
  });

  it('is written again when the whole folder is gone', async () => {
    const first = setUp();
    await first.define({ kind: 'limit', name: 'two', value: TWO });
    await first.definitions.start();
    rmSync(first.path(''), { recursive: true });
    await settle(first);
    expect(first.values()).toEqual({ two: TWO });
    expect(existsSync(first.path('two.json'))).toBe(true);
  });

  it('stays as it was when its record cannot be written', async () => {
    const it = setUp();
    await it.define({ kind: 'limit', name: 'two', value: TWO });
    const change: DefinitionChange = { kind: 'limit', name: 'two', value: THREE };
    const failing = it.definitions.change([change], () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(JSON.parse(readFileSync(it.path('two.json'), 'utf8'))).toEqual(TWO);
  });

  it('that cannot be written keeps the definition from being recorded', async () => {
    const root = tempDir();
    const files: Files = faultyFiles((call, [path]) =>
      call === 'renameSync' && String(path).includes('limits') ? 'ENOSPC' : undefined,
    );
    const store = new FsStore({ root, files });
    onTestFinished(() => store.close());
    await expect(store.define([{ kind: 'limit', name: 'two', value: TWO }])).rejects.toBeInstanceOf(StoreWriteError);
    expect(await store.definitions()).toEqual([]);
  });
});
