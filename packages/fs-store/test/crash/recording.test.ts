import { describe, expect, it } from 'vitest';
import { WORKLOADS, type Workload } from '../support/workloads/index';
import type { Op } from './disk';
import type { ProcessFiles } from './disk-files';
import { type Recording, record } from './recording';
import { recordRecovery } from './second-crash';

/** What is another one each time: the names of clients and of temporary files. */
const PASSING = /[0-9a-f]{8}-[0-9a-f-]{27}|\d+-\d+\.tmp/g;

function callsOf({ log }: Recording): string[] {
  return log.map((op: Op) => {
    const where = 'name' in op ? op.name.replace(PASSING, '') : 'at' in op ? op.at : '';
    return `${op.op} ${'ino' in op ? op.ino : ''} ${where}`;
  });
}

/** Files of a machine that is busy: each twentieth write takes longer than a slice of work may. */
function slow(files: ProcessFiles): ProcessFiles {
  let writes = 0;
  const { writeSync } = files;
  return Object.assign(files, {
    writeSync: (...args: Parameters<typeof writeSync>) => {
      if (++writes % 20 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6);
      return writeSync.apply(files, args);
    },
  });
}

describe('a recording', () => {
  // A client's calls reach the owner when their messages do, which is not in turns that a seed decides.
  const alone = WORKLOADS.filter(({ name }) => name !== 'takeover');
  it.for(alone.map((workload) => [workload.name, workload] as [string, Workload]))(
    'is the same again with the same seed, on a slower machine too (%s)',
    async ([, workload]) => {
      const [one, other] = [await record(workload, 'power', 5), await record(workload, 'power', 5, slow)];
      expect(callsOf(other)).toEqual(callsOf(one));
      const crash = `c${one.log.length >> 1}`;
      const [after, again] = [await recordRecovery(one, crash), await recordRecovery(other, crash, slow)];
      expect(callsOf(again)).toEqual(callsOf(after));
    },
  );
});
