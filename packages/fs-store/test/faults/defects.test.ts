import { describe, expect, it } from 'vitest';
import type { Files } from '../../src/files';
import { WORKLOADS } from '../support/workloads/index';
import { type InjectReport, injectAll } from './torture';

/** Stands between the store and the disk, with some calls as a store with a defect would make them. */
function between(calls: (files: Files) => Partial<Files>): (files: Files) => Files {
  return (files) => {
    const own = calls(files);
    return new Proxy(files, {
      get: (target, name: keyof Files) => own[name] ?? Reflect.get(target, name),
    });
  };
}

/** As a call that catches what it should have thrown. */
async function swallow(call: Promise<void>): Promise<void> {
  await call.catch(() => {});
}

/** @param only Begins with the name of the workload. */
function inject(only: string, defect?: (files: Files) => Files): Promise<InjectReport> {
  const workloads = WORKLOADS.filter(({ name }) => only.startsWith(`${name} |`));
  return injectAll({ seed: 1, cases: 30, only, workloads, ...(defect && { defect }) });
}

const problemsOf = ({ failures }: InjectReport): string => failures.flatMap(({ problems }) => problems).join('\n');

const DEFECTS: {
  what: string;
  only: string;
  defect: (files: Files) => Files;
  found: RegExp;
}[] = [
  {
    what: 'takes a write that failed for one that succeeded',
    only: 'retry | process | writeSync journal/0000000000000001.ndjson',
    defect: between((files) => ({
      writeSync: (fd, bytes, offset, length) => {
        try {
          return files.writeSync(fd, bytes, offset, length);
        } catch {
          return length;
        }
      },
    })),
    found: /is lost|status of job|is damaged/,
  },
  {
    what: 'takes a short write for a whole one',
    only: 'retry | power | writeSync journal/0000000000000001.ndjson',
    defect: between((files) => ({
      writeSync: (fd, bytes, offset, length) => {
        files.writeSync(fd, bytes, offset, length);
        return length;
      },
    })),
    found: /is lost|is damaged|status of job/,
  },
  {
    what: 'goes on after a sync that failed',
    only: 'add | power | fdatasync journal/0000000000000001.ndjson',
    defect: between((files) => ({
      fdatasync: (fd) => swallow(files.fdatasync(fd)),
      fsync: (fd) => swallow(files.fsync(fd)),
    })),
    found: /after a power cut: job .* is lost/,
  },
  {
    what: 'does not cut off what a failed write left behind',
    only: 'claim | process | writeSync journal/0000000000000001.ndjson',
    defect: between((files) => {
      let isFailing = false;
      return {
        writeSync: (fd, bytes, offset, length) => {
          if (isFailing) throw Object.assign(new Error('EIO'), { code: 'EIO' });
          const written = files.writeSync(fd, bytes, offset, length);
          // The rest of a short write fails.
          isFailing = written < length;
          return written;
        },
        ftruncateSync: () => {
          isFailing = false;
        },
      };
    }),
    // A start that was refused, and after which the store was closed.
    found: /attempt of job .* is 1, not \[0\]/,
  },
  {
    what: 'leaves files open when something goes wrong',
    only: 'add | power | openSync',
    defect: between((files) => {
      let hasFailed = false;
      return {
        openSync: (path, mode) => {
          try {
            return files.openSync(path, mode);
          } catch (error) {
            hasFailed = true;
            throw error;
          }
        },
        closeSync: (fd) => {
          if (!hasFailed) files.closeSync(fd);
        },
      };
    }),
    found: /left open/,
  },
  {
    what: 'does not try again while Windows holds a file',
    only: 'first | power | renameSync store.json #1 | win32 EBUSY | once',
    defect: between(() => ({ platform: 'linux' })),
    found: /is not waited for/,
  },
  {
    what: 'lets errors of system calls through to callers',
    only: 'add | power | statSync . #1 | EIO | once',
    defect: between(() => ({
      statSync: () => {
        throw new TypeError('not typed');
      },
    })),
    found: /is refused with TypeError/,
  },
];

describe('a store that', () => {
  it.each(DEFECTS)('$what is caught', { timeout: 300_000 }, async ({ only, defect, found }) => {
    const [sound, broken] = [await inject(only), await inject(only, defect)];
    expect(sound.ran).toBeGreaterThan(0);
    expect(sound.failures).toEqual([]);
    expect(problemsOf(broken)).toMatch(found);
  });
});
