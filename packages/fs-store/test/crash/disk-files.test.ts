import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, type Files, nodeFiles } from '../../src/files';
import { tempDir } from '../../src/testing/temp-dir';
import { Disk } from './disk';
import { diskFiles } from './disk-files';
import { Machine } from './machine';

const inMemory = (): { files: Files; root: string } => {
  const files = diskFiles(new Machine(new Disk(), () => 1_000));
  files.mkdirSync('/r');
  return { files, root: '/r' };
};
const onDisk = (): { files: Files; root: string } => {
  const root = join(tempDir(), 'r');
  mkdirSync(root);
  return { files: nodeFiles, root };
};

/** What comes of a call: its value, or the code of its error. */
async function outcome(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return errorCode(error);
  }
}

/** The same calls, and what came of each. */
async function outcomes({ files, root }: { files: Files; root: string }): Promise<unknown[]> {
  const results: unknown[] = [];
  const say = async (run: () => unknown): Promise<unknown> => {
    const result = await outcome(run);
    results.push(result);
    return result;
  };
  const at = (name: string): string => join(root, name);
  const text = (fd: number): string => {
    const into = Buffer.alloc(64);
    return into.toString('utf8', 0, files.readSync(fd, into, 0, 64, 0));
  };
  const put = (fd: number, words: string): number => files.writeSync(fd, Buffer.from(`-${words}`), 1, words.length);

  const a = files.openSync(at('a'), 'create');
  await say(() => put(a, 'hello'));
  await say(() => put(a, ' world'));
  await say(() => files.openSync(at('a'), 'create'));
  await say(() => files.openSync(at('none'), 'read'));
  await say(() => files.openSync(at('none'), 'append'));
  await say(() => files.openSync(at('none/x'), 'create'));
  await say(() => files.openSync(at('a/x'), 'create'));
  await say(() => text(files.openSync(at('a'), 'read')));
  await say(() => files.ftruncateSync(a, 3));
  await say(() => put(a, 'p'));
  await say(() => files.fstatSync(a).size);
  await say(() => files.linkSync(at('a'), at('b')));
  await say(() => files.linkSync(at('a'), at('b')));
  await say(() => files.statSync(at('a')).ino === files.statSync(at('b')).ino);
  await say(() => files.renameSync(at('none'), at('c')));
  await say(() => files.renameSync(at('b'), at('c')));
  await say(() => files.lstatIfAnySync(at('b')));
  await say(() => files.mkdirSync(at('d')));
  await say(() => files.mkdirSync(at('d')));
  await say(() => files.mkdirSync(at('none/d')));
  await say(() => files.renameSync(at('c'), at('d/c')));
  await say(() => files.rmdirSync(at('d')));
  await say(() => files.readdirSync(at('d')).map((entry) => [entry.name, entry.isFile()]));
  await say(() => files.readdirSync(at('none')));
  await say(() => files.readdir(at('none')));
  await say(() => files.readdir(at('d')));
  await say(() => files.unlinkSync(at('d/c')));
  await say(() => files.unlinkSync(at('d/c')));
  await say(() => files.rmdirSync(at('d')));
  await say(() => files.lstatIfAnySync(at('d')));
  await say(() => files.statSync(at('d')));
  await say(() => files.fsync(a));
  await say(() => files.fdatasync(a));
  await say(() => files.syncDir(root));
  await say(() => files.syncDir(at('none')));
  await say(() => files.utimesSync(at('a'), 5_000));
  await say(() => files.statSync(at('a')).mtimeMs);
  await say(() => files.chmodSync(at('a'), 0o400));
  await say(() => files.statSync(at('a')).mode & 0o777);
  await say(() => text(files.openSync(at('lock'), 'lock')));
  await say(() => [files.statSync(at('lock')).isFile(), files.statSync(root).isDirectory()]);
  // What is open stays readable when its name is gone.
  const open = files.openSync(at('a'), 'read');
  await say(() => files.unlinkSync(at('a')));
  await say(() => text(open));
  await say(() => files.closeSync(open));
  await say(() => text(open));
  return results;
}

describe('files on a disk in memory', () => {
  it('answer as the real ones do', async () => {
    expect(await outcomes(inMemory())).toEqual(await outcomes(onDisk()));
  });

  it('tell who watches a folder what changes in it', async () => {
    const { files, root } = inMemory();
    const told: (string | null)[] = [];
    const watch = files.watch(root, { change: (name) => told.push(name), error: () => {} });
    files.closeSync(files.openSync(join(root, 'a'), 'create'));
    files.renameSync(join(root, 'a'), join(root, 'b'));
    await new Promise(setImmediate);
    watch.close();
    files.unlinkSync(join(root, 'b'));
    await new Promise(setImmediate);
    expect(told).toEqual(['a', 'a', 'b']);
  });

  it('do nothing more for a process that has ended, and answer it no more', async () => {
    const machine = new Machine(
      new Disk(),
      () => 0,
      () => 1,
    );
    const files = diskFiles(machine);
    const fd = files.openSync('/a', 'create');
    let isAnswered = false;
    void files.fsync(fd).then(() => {
      isAnswered = true;
    });
    files.kill();
    expect(await outcome(() => files.writeSync(fd, Buffer.from('x'), 0, 1))).toBe('ESRCH');
    expect(await outcome(() => files.unlinkSync('/a'))).toBe('ESRCH');
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    expect(machine.log.map(({ op }) => op)).toEqual(['create']);
  });
});
