import { describe, expect, it } from 'vitest';
import { Disk } from './disk';
import { diskFiles, type ProcessFiles } from './disk-files';
import { allFates, countFates } from './fates';
import { Machine } from './machine';
import { Timeline } from './timeline';

/** Records what is done in a folder `/d` that is safe already. */
async function recorded(run: (files: ProcessFiles) => Promise<void> | void): Promise<Timeline> {
  const before = new Machine(new Disk(), () => 0);
  diskFiles(before).mkdirSync('/d');
  const base = before.disk;
  const machine = new Machine(base.clone(), () => 0);
  await run(diskFiles(machine));
  return new Timeline(base, machine.log);
}

function write(files: ProcessFiles, path: string, text: string, mode: 'create' | 'append' = 'create'): number {
  const fd = files.openSync(path, mode);
  files.writeSync(fd, Buffer.from(text), 0, text.length);
  return fd;
}

/** What stands in `/d`, as `name=content` (`.` for a byte of zeros, `?` for noise), sorted. */
function shown(disk: Disk): string {
  return [...disk.walk()]
    .flatMap(({ path, node }) => {
      if (node.kind === 'folder') return path === '/d' ? [] : [`${path.slice(3)}/`];
      const text = [...node.content.bytes].map((byte) =>
        byte === 0 ? '.' : byte < 128 ? String.fromCharCode(byte) : '?',
      );
      return [`${path.slice(3)}=${text.join('')}`];
    })
    .sort()
    .join(' ');
}

/** Every distinct state after a power cut at this point, or at the end. */
function afterPowerCut(timeline: Timeline, at = timeline.log.length): string[] {
  const point = timeline.point(at);
  return [...new Set([...allFates(point)].map((fate) => shown(timeline.afterPowerCut(point, fate))))].sort();
}

describe('the end of a process', () => {
  it('leaves all that was done, and any part of the write that it was in', async () => {
    const timeline = await recorded((files) => {
      write(files, '/d/a', 'abc');
      files.renameSync('/d/a', '/d/b');
    });
    const states = timeline.log.flatMap((_, at) => [0, 1, 2].map((torn) => shown(timeline.afterProcessEnd(at, torn))));
    expect(states).toEqual(['', '', '', 'a=', 'a=a', 'a=ab', 'a=abc', 'a=abc', 'a=abc']);
    expect(shown(timeline.afterProcessEnd(timeline.log.length))).toBe('b=abc');
  });
});

describe('a power cut', () => {
  it('may take a name, or any end of the bytes, or leave their place without them', async () => {
    const timeline = await recorded((files) => void write(files, '/d/a', 'abcd'));
    expect(afterPowerCut(timeline)).toEqual(['', 'a=', 'a=....', 'a=????', 'a=a', 'a=ab', 'a=abc', 'a=abcd'].sort());
  });

  it('takes no byte that was synced, but its name if the folder was not', async () => {
    const timeline = await recorded(async (files) => {
      await files.fsync(write(files, '/d/a', 'ab'));
    });
    expect(afterPowerCut(timeline)).toEqual(['', 'a=ab']);
  });

  it('takes no name that was synced, but its bytes if the file was not', async () => {
    const timeline = await recorded(async (files) => {
      write(files, '/d/a', 'ab');
      await files.syncDir('/d');
    });
    expect(afterPowerCut(timeline)).toEqual(['a=', 'a=..', 'a=??', 'a=a', 'a=ab'].sort());
  });

  it('takes nothing when both were', async () => {
    const timeline = await recorded(async (files) => {
      await files.fdatasync(write(files, '/d/a', 'ab'));
      await files.syncDir('/d');
    });
    expect(afterPowerCut(timeline)).toEqual(['a=ab']);
  });

  it('shows the old file or the new one after a rename, and both names only before', async () => {
    const timeline = await recorded(async (files) => {
      await files.fsync(write(files, '/d/a', 'old'));
      await files.fsync(write(files, '/d/.t', 'new'));
      await files.syncDir('/d');
      files.renameSync('/d/.t', '/d/a');
    });
    expect(afterPowerCut(timeline)).toEqual(['.t=new a=old', 'a=new']);
  });

  it('may leave the later of two changes of a folder without the earlier one, but no change without what it needs', async () => {
    const timeline = await recorded(async (files) => {
      await files.fsync(write(files, '/d/a', 'a'));
      await files.syncDir('/d');
      await files.fsync(write(files, '/d/b', 'b'));
      files.renameSync('/d/b', '/d/c');
      files.unlinkSync('/d/a');
    });
    // Without its creation there is nothing to rename.
    expect(afterPowerCut(timeline)).toEqual(['', 'a=a', 'a=a b=b', 'a=a c=b', 'b=b', 'c=b']);
  });

  it('takes with a folder all that is in it', async () => {
    const timeline = await recorded(async (files) => {
      files.mkdirSync('/d/e');
      await files.fsync(write(files, '/d/e/a', 'a'));
      await files.syncDir('/d/e');
    });
    expect(afterPowerCut(timeline)).toEqual(['', 'e/ e/a=a']);
  });

  it('may leave any version since the last sync, and nothing older', async () => {
    const timeline = await recorded(async (files) => {
      const fd = write(files, '/d/a', 'a');
      await files.fsync(fd);
      await files.syncDir('/d');
      files.writeSync(fd, Buffer.from('b'), 0, 1);
      files.writeSync(fd, Buffer.from('c'), 0, 1);
      files.ftruncateSync(fd, 1);
      files.writeSync(fd, Buffer.from('d'), 0, 1);
    });
    expect(afterPowerCut(timeline)).toEqual(['a=a', 'a=a.', 'a=a?', 'a=ab', 'a=abc', 'a=ad'].sort());
  });

  it('keeps what came before a sync, and not what came while it was under way', async () => {
    const before = new Machine(new Disk(), () => 0);
    diskFiles(before).mkdirSync('/d');
    const machine = new Machine(
      before.disk.clone(),
      () => 0,
      () => 2,
    );
    const files = diskFiles(machine);
    const fd = write(files, '/d/a', 'a');
    const synced = Promise.all([files.fsync(fd), files.syncDir('/d')]);
    files.writeSync(fd, Buffer.from('b'), 0, 1);
    await synced;
    expect(afterPowerCut(new Timeline(before.disk, machine.log))).toEqual(['a=a', 'a=a.', 'a=a?', 'a=ab'].sort());
  });

  it('may leave later blocks without earlier ones', async () => {
    const timeline = await recorded(async (files) => {
      const fd = write(files, '/d/a', 'x'.repeat(100));
      await files.fsync(fd);
      await files.syncDir('/d');
      files.writeSync(fd, Buffer.from('y'.repeat(1_000)), 0, 1_000);
    });
    const states = afterPowerCut(timeline);
    // The block that was begun before keeps what was in it.
    expect(states).toContain(`a=${'x'.repeat(100)}${'.'.repeat(412)}${'y'.repeat(588)}`);
    expect(states).toContain(`a=${'x'.repeat(100)}${'y'.repeat(412)}${'.'.repeat(512)}${'y'.repeat(76)}`);
    for (const state of states) expect(state.startsWith(`a=${'x'.repeat(100)}`)).toBe(true);
  });

  it('has as many fates as are counted', async () => {
    const timeline = await recorded((files) => {
      write(files, '/d/a', 'abcd');
      write(files, '/d/b', 'efgh');
    });
    for (let at = 0; at <= timeline.log.length; at++) {
      const point = timeline.point(at);
      expect([...allFates(point)]).toHaveLength(countFates(point));
    }
  });
});
