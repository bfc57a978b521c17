import { describe, expect, it } from 'vitest';
import type { ProcessFiles } from './disk-files';
import type { Defect } from './recording';
import { explore, rerun } from './torture';

/** A store whose calls are changed on their way to the disk. */
function lying(change: (files: ProcessFiles) => Partial<ProcessFiles>): Defect {
  return (files) => ({ ...files, ...change(files) });
}

/** Remembers under which name each descriptor was opened, and lies about the syncs of some. */
function withoutSync(of: RegExp): Defect {
  const names = new Map<number, string>();
  return lying((files) => ({
    openSync(path, mode) {
      const fd = files.openSync(path, mode);
      names.set(fd, path);
      return fd;
    },
    fsync: async (fd) => (of.test(names.get(fd) ?? '') ? undefined : files.fsync(fd)),
    fdatasync: async (fd) => (of.test(names.get(fd) ?? '') ? undefined : files.fdatasync(fd)),
  }));
}

function withoutSyncOf(folder: RegExp): Defect {
  return lying((files) => ({ syncDir: async (path) => (folder.test(path) ? undefined : files.syncDir(path)) }));
}

const SEGMENT = /\/\.?\d{16}\.ndjson/;

/** What is wrong, the workloads in which it shows, and what is said of it. */
const DEFECTS: [what: string, defect: Defect, workload: string, said: RegExp][] = [
  ['the journal is not synced', withoutSync(SEGMENT), 'settle', /lost, it is/],
  ['a snapshot is not synced', withoutSync(/\/\.snapshot-/), 'snapshot', /is told as damage|lost, it is/],
  ['the archive is not synced', withoutSync(/\/archive\//), 'archive', /lost, it is not there/],
  ['the folder of the journal is not synced', withoutSyncOf(/\/journal$/), 'rotation', /lost, it is|is told as damage/],
  [
    'a segment gets its name before it is written',
    lying((files) => ({
      renameSync(from, to) {
        files.renameSync(from, to);
        // As if its bytes came to the disk with the next sync that never was.
        if (SEGMENT.test(to)) files.ftruncateSync(files.openSync(to, 'append'), 60);
      },
    })),
    'rotation',
    /lost, it is|which it never was|is told as damage|it failed/,
  ],
  [
    'files of the inbox are removed before their jobs are added',
    lying((files) => ({
      openSync(path, mode) {
        const fd = files.openSync(path, mode);
        if (mode === 'read' && /\/inbox\/[^.]/.test(path)) files.unlinkSync(path);
        return fd;
      },
    })),
    'inbox',
    /lost, it is not there/,
  ],
];

describe('the explorer finds that', () => {
  it.each(DEFECTS)('%s', async (_what, defect, workload, said) => {
    const report = await explore({ seed: 1, states: 6_000, workloads: [workload], failures: 1, worked: 8, defect });
    expect(report.failures).toEqual([expect.stringMatching(said)]);
  });

  it('a state that failed fails again by its name, with what happened', async () => {
    const defect = withoutSync(SEGMENT);
    const { failures } = await explore({ seed: 1, states: 2_000, workloads: ['add'], failures: 1, defect });
    const [name = ''] = failures[0]?.split('\n') ?? [];
    expect(name).toMatch(/^add\/power\/1\//);
    expect(await rerun(name, defect)).toMatchObject({
      name,
      faults: expect.arrayContaining([expect.stringMatching(/lost, it is/)]),
    });
    await expect(rerun('add/power/1/p3:n10101')).rejects.toThrow('of another recording');
    expect(await rerun('add/power/1/c3')).toBeUndefined();
    await expect(rerun('add/power/1')).rejects.toThrow('is no state of a workload');
  });
});
