import type { Job, StoreEvent } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import type { Io } from '../io';
import { Output } from './output';
import { ProgressView } from './progress-view';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

function plainView() {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) > 0 };
  const io = { stdout: stream, stderr: stream, env: {}, now: () => NOW } as unknown as Io;
  return { written, view: new ProgressView(io, new Output(io, {})) };
}

const event = (kind: StoreEvent['kind'], more: Partial<StoreEvent> = {}): StoreEvent => ({
  seq: 1,
  at: new Date(NOW).toISOString(),
  kind,
  id: 'job1',
  type: 'download',
  ...more,
});

const job = {
  id: 'job1',
  type: 'download',
  status: 'pending',
  data: { url: 'https://example.org/a%20b.iso' },
  metadata: { progress: 0, logs: [], errors: [], retries: 0 },
};

const said = (written: string[]): string[] => written.map((line) => line.trimEnd().replace(/^\S+ /, ''));

describe('without a terminal', () => {
  it('tells each change of state in a line, with the job and its title', () => {
    const { written, view } = plainView();
    view.track(job as unknown as Job);
    view.apply([
      event('started', { attempt: 1 }),
      event('progress', { progress: 10 }),
      event('retrying', { error: 'reset\u001b[2J by peer', runAt: new Date(NOW + 5_000).toISOString() }),
      event('started', { attempt: 2, at: new Date(NOW + 5_000).toISOString() }),
      event('completed', { at: new Date(NOW + 8_200).toISOString() }),
    ]);
    expect(said(written)).toEqual([
      'job1 download  a b.iso  started',
      'job1 download  a b.iso  reset by peer; runs again in 5s',
      'job1 download  a b.iso  started (attempt 2)',
      'job1 download  a b.iso  ✓ completed in 3s',
    ]);
  });

  it('tells the progress of a long job every half minute', () => {
    const { written, view } = plainView();
    view.apply([event('started')]);
    for (let second = 1; second <= 65; second += 1) {
      view.apply([
        event('progress', {
          progress: second,
          detail: { bytes: second * 1000, total: 100_000 },
          at: new Date(NOW + second * 1000).toISOString(),
        }),
      ]);
    }
    expect(said(written)).toEqual([
      'job1 download  started',
      'job1 download  30%  30 kB / 100 kB',
      'job1 download  60%  60 kB / 100 kB',
    ]);
  });

  it('says once why a job waits, if that is news', () => {
    const { written, view } = plainView();
    view.track(job as unknown as Job);
    view.waits('job1', 'It is paused.', true);
    view.waits('job1', 'It is paused.', true);
    view.waits('job1', 'One job runs before it.', false);
    expect(said(written)).toEqual(['job1 download  a b.iso  waits: It is paused.']);
  });

  it('tells how a job failed', () => {
    const { written, view } = plainView();
    view.apply([event('started'), event('failed', { reason: 'timeout', error: 'took too long' }), event('removed')]);
    expect(said(written).slice(1)).toEqual([
      'job1 download  ✗ failed (timeout): took too long',
      'job1 download  removed',
    ]);
  });
});
