import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../store';
import { HeldJobs } from './held-jobs';

const claimed = (...names: string[]): ClaimedJob[] =>
  names.map((id) => ({ job: { id } as ClaimedJob['job'], token: `t-${id}` }));

describe('HeldJobs', () => {
  it('holds what was claimed until it is settled', () => {
    const held = new HeldJobs();
    held.claimed('w', claimed('a', 'b'), 1, 1);
    held.settled([{ id: 'a', token: 't-a', outcome: 'completed' }]);
    expect(held.list()).toEqual(['t-b']);
  });

  it('takes no notice of settlements that were mixed up', () => {
    const held = new HeldJobs();
    held.claimed('w', claimed('a', 'b'), 1, 1);
    held.settled([
      { id: 'a', token: 't-b', outcome: 'completed' },
      { id: 'x', token: 't-x', outcome: 'completed' },
    ]);
    expect(held.list()).toEqual(['t-a', 't-b']);
  });

  it('tells what came by later calls', () => {
    const held = new HeldJobs();
    held.claimed('w', claimed('a'), 1, 1);
    held.claimed('w', claimed('b'), 5, 5);
    expect(held.list(1)).toEqual(['t-b']);
    expect(held.list(5)).toEqual([]);
  });

  it('knows every worker that asked, until it is taken back for good', () => {
    const held = new HeldJobs();
    for (const worker of ['w', 'v', undefined]) held.asked(worker, 1);
    held.claimed('w', claimed('a', 'b'), 1, 1);
    held.claimed('v', claimed('c'), 2, 2);
    held.takenBack(['w'], ['t-a'], 3);
    expect([held.workers, held.list()]).toEqual([
      ['w', 'v'],
      ['t-a', 't-c'],
    ]);
    held.takenBack(['w'], undefined, 4);
    expect([held.workers, held.list()]).toEqual([['v'], ['t-c']]);
  });

  it('holds on to what may have come after the taking back: of a later claim, or of one that had waited', () => {
    const held = new HeldJobs();
    held.asked('w', 1);
    held.claimed('w', claimed('before'), 1, 2);
    held.claimed('w', claimed('waited'), 2, 3);
    held.claimed('w', claimed('later'), 4, 5);
    held.takenBack(['w'], undefined, 3);
    expect([held.workers, held.list()]).toEqual([['w'], ['t-waited', 't-later']]);
  });
});
