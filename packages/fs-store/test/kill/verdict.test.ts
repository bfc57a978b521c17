import type { Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import type { Note, Noted } from './evidence';
import { lifeOf, type ProcessLife } from './histories';
import { type Fault, judge } from './verdict';

/** What a process noted, a millisecond apart from `from` on. */
function life(name: string, from: number, notes: Note[], killed?: number): ProcessLife {
  return lifeOf(
    name,
    notes.map((note, i): Noted => ({ ...note, at: from + i })),
    killed,
  );
}

const added: Note[] = [
  { kind: 'add?', jobs: [{ id: 'j' }] },
  { kind: 'add!', ids: ['j'] },
];
const got = (token: string): Note => ({ kind: 'got', id: 'j', token, worker: 'w' });
const run = (name: string, wall = 0): Note => ({ kind: 'run', id: 'j', run: name, wall });
const completes = (token: string, name: string): Note[] => [
  { kind: 'end?', id: 'j', token, outcome: 'completed', run: name, wall: 0 },
  { kind: 'end!', id: 'j', token, accepted: true, status: 'completed' },
];
const fails = (token: string, status: 'pending' | 'failed', retryIn = 0): Note[] => [
  { kind: 'end?', id: 'j', token, outcome: 'failed', wall: 1_000, retryIn },
  { kind: 'end!', id: 'j', token, accepted: true, status },
];
const hand = (action: 'cancel' | 'retry' | 'remove'): Note[] => [
  { kind: 'hand?', id: 'j', action },
  { kind: 'hand!', id: 'j', action, changed: 1 },
];

function job(fields: Partial<Job>): Job {
  const metadata = { retries: 0, progress: 0, logs: [], errors: [] };
  return { id: 'j', type: 'a', status: 'completed', attempt: 1, metadata, ...fields } as Job;
}

function faultsOf(lives: ProcessLife[], left?: Job | 'nothing'): string[] {
  const jobs = new Map(left && left !== 'nothing' ? [[left.id, left]] : []);
  const faults = judge(lives, left && { jobs, archived: new Map() });
  return faults.map(({ kind, message }: Fault) => `${kind}: ${message}`);
}

const done = job({ result: { run: 'a1' } });
const clean = life('a', 0, [...added, got('1'), run('a1'), ...completes('1', 'a1')]);

describe('the verdict', () => {
  it('finds nothing where all is well', () => {
    expect(faultsOf([clean], done)).toEqual([]);
  });

  it('allows another run when the process of the first one died, but not before', () => {
    const dead = life('a', 0, [...added, got('1'), run('a1')], 10);
    const second = [got('2'), run('b1'), ...completes('2', 'b1')];
    expect(faultsOf([dead, life('b', 11, second)], job({ attempt: 2, result: { run: 'b1' } }))).toEqual([]);
    expect(faultsOf([dead, life('b', 5, second)])).toEqual([expect.stringMatching(/^double: .*over 4 ms later$/)]);
  });

  it('allows another run when the first one failed or was given back', () => {
    const failed = life('a', 0, [...added, got('1'), run('a1'), ...fails('1', 'pending')]);
    const second = life('b', 20, [got('2'), run('b1', 2_000), ...completes('2', 'b1')]);
    expect(faultsOf([failed, second], job({ attempt: 2, result: { run: 'b1' } }))).toEqual([]);
    const left = life('a', 0, [...added, got('1'), run('a1'), { kind: 'leaves' }]);
    expect(faultsOf([left, second], job({ result: { run: 'b1' } }))).toEqual([]);
  });

  it.each<[string, string, ProcessLife[], (Job | 'nothing')?]>([
    ['an acknowledged add that is gone', 'lost: .*add was acknowledged', [life('a', 0, added)], 'nothing'],
    ['an acknowledged completion that is gone', 'lost: .*completion by a1', [clean], job({ status: 'failed' })],
    ['a completion by another', 'lost: .*completion by a1', [clean], job({ result: { run: 'b7' } })],
    [
      'an acknowledged failure that is gone',
      'lost: .*failure was acknowledged',
      [life('a', 0, [...added, got('1'), run('a1'), ...fails('1', 'failed')])],
      job({ result: { run: 'x' } }),
    ],
    [
      'a completion that is refused',
      'lost: .*was refused',
      [
        life('a', 0, [
          ...[got('1'), run('a1'), ...completes('1', 'a1').slice(0, 1)],
          { kind: 'end!', id: 'j', token: '1', accepted: false, status: 'pending' },
        ]),
      ],
    ],
    ['a removal that is undone', 'lost: .*removal', [life('a', 0, [...added, ...hand('remove')])], done],
    [
      'a retry that is forgotten',
      'lost: .*retry',
      [life('a', 0, [...added, ...hand('retry')])],
      job({ status: 'failed' }),
    ],
    ['an attempt that is given away twice', 'double: .*given away twice', [clean, life('b', 3, [got('1')])]],
    ['a handler that starts twice', 'double: .*started 2 times', [life('a', 0, [got('1'), run('a1'), run('a2')])]],
    [
      'a run after an acknowledged completion',
      'double: .*after its completion',
      [life('a', 0, [...added, got('1'), run('a1'), ...completes('1', 'a1')], 7), life('b', 9, [got('2'), run('b1')])],
    ],
    [
      'two completions',
      'double: .*2 attempts completed it',
      [clean, life('b', 3, [got('2'), run('b1'), ...completes('2', 'b1')])],
    ],
    [
      'runs after a cancellation',
      'double: .*after it was cancelled',
      [life('a', 0, [...added, ...hand('cancel'), got('1'), run('a1')], 6), life('b', 9, [got('2'), run('b1')])],
    ],
    ['a job that is left over', 'stuck: job j is pending', [life('a', 0, added)], job({ status: 'pending' })],
    [
      'a start before its time',
      'early: .*5 ms before',
      [life('a', 0, [{ kind: 'add?', jobs: [{ id: 'j', runAt: 100 }] }, got('1'), run('a1', 95)])],
    ],
    [
      'a start within its backoff',
      'early: .*50 ms within its backoff',
      [life('a', 0, [got('1'), run('a1'), ...fails('1', 'pending', 100), got('2'), run('a2', 1_050)])],
    ],
    [
      'a timeout before its time',
      'early: .*timed out after 5',
      [life('a', 0, [{ kind: 'timeout', id: 'j', limit: 50, after: 5 }])],
    ],
    [
      'starts that were not counted',
      'other: .*2 attempts started, but it counts 1',
      [life('a', 0, [...added, got('1'), run('a1')], 5), life('b', 6, [got('2'), run('b1'), ...completes('2', 'b1')])],
      job({ attempt: 1, result: { run: 'b1' } }),
    ],
    ['a call that failed', 'other: process a: oh', [life('a', 0, [{ kind: 'broke', message: 'oh' }])]],
  ])('finds %s', (_what, pattern, lives, left) => {
    expect(faultsOf(lives, left)).toContainEqual(expect.stringMatching(new RegExp(`^${pattern}`)));
  });

  it('finds a job that was taken from a process that lives', () => {
    const message = 'The process of worker w-a ended while it ran this job.';
    const errors = [{ at: '', attempt: 1, name: 'CrashError', code: 'CRASHED', message }];
    const crashed = job({ result: { run: 'a1' }, metadata: { retries: 0, progress: 0, logs: [], errors } });
    expect(faultsOf([clean], crashed)).toEqual([expect.stringMatching(/^double: .*taken from process a/)]);
    expect(faultsOf([{ ...clean, died: true }], crashed)).toEqual([]);
  });
});
