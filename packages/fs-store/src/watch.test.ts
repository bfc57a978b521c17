import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Files, type FolderWatch, nodeFiles } from './files';
import { tempDir } from './testing/temp-dir';
import { FolderWatcher } from './watch';

type Events = Parameters<Files['watch']>[1];

/** A watcher whose events the test makes: what a system may do is more than this one can be brought to do. */
function setUp(watchable = { now: true }) {
  const path = join(tempDir(), 'folder');
  mkdirSync(path);
  const heard: string[] = [];
  const open: Events[] = [];
  const files: Files = {
    ...nodeFiles,
    watch: (_path, on): FolderWatch => {
      if (!watchable.now) throw new Error('ENOSPC: no watchers left');
      open.push(on);
      return { close: () => void open.splice(open.indexOf(on), 1) };
    },
  };
  const watcher = new FolderWatcher(files, path, {
    hint: (name) => heard.push(`hint ${name}`),
    lost: () => heard.push('lost'),
    error: (error) => heard.push(`error ${(error as Error).message}`),
  });
  return { path, heard, open, watcher, watchable };
}

describe('a watched folder', () => {
  it('is watched once, and tells names', () => {
    const { heard, open, watcher } = setUp();
    expect([watcher.check(), watcher.check()]).toEqual([true, true]);
    expect(open).toHaveLength(1);
    open[0]?.change('x.json');
    expect(heard).toEqual(['hint x.json']);
    watcher.close();
    expect(open).toHaveLength(0);
    expect(watcher.isAlive).toBe(false);
  });

  it('has lost something when the name is unknown, or its own', () => {
    const { heard, open, watcher } = setUp();
    watcher.check();
    open[0]?.change(null);
    open[0]?.change('folder');
    expect(heard).toEqual(['lost', 'lost']);
  });

  it('says that its watcher died, and watches again at the next check', () => {
    const { heard, open, watcher } = setUp();
    watcher.check();
    open[0]?.error(new Error('EBADF'));
    expect(heard).toEqual(['error EBADF', 'lost']);
    expect(watcher.isAlive).toBe(false);
    expect(watcher.check()).toBe(true);
    expect(watcher.isAlive).toBe(true);
  });

  it('cannot be watched at first', () => {
    const { heard, watcher, watchable } = setUp({ now: false });
    expect(watcher.check()).toBe(true);
    expect(heard).toEqual(['error ENOSPC: no watchers left']);
    watchable.now = true;
    watcher.check();
    expect(watcher.isAlive).toBe(true);
  });

  it('notices that it is another folder, or none', () => {
    const { path, open, watcher } = setUp();
    watcher.check();
    rmSync(path, { recursive: true });
    expect(watcher.stands).toBe(false);
    expect(watcher.check()).toBe(false);
    expect(open).toHaveLength(0);
    mkdirSync(path);
    watcher.check();
    expect(open).toHaveLength(1);
    expect(watcher.stands).toBe(true);
  });

  it('notices that it was replaced, although the new one may have the number of the old one', () => {
    const { path, open, watcher } = setUp();
    watcher.check();
    for (let i = 0; i < 10; i++) {
      rmSync(path, { recursive: true });
      mkdirSync(path);
      expect(watcher.stands).toBe(false);
      expect(watcher.check()).toBe(false);
      expect(open).toHaveLength(1);
    }
  });

  it('is no folder when a link stands there', () => {
    const { path, open, watcher } = setUp();
    watcher.check();
    rmSync(path, { recursive: true });
    symlinkSync(tempDir(), path, 'junction');
    expect([watcher.check(), watcher.stands]).toEqual([false, false]);
    expect(open).toHaveLength(0);
  });
});
