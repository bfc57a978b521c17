import { expect, it, onTestFinished, vi } from 'vitest';
import type { Tell } from '../protocol';
import { Outbox } from './outbox';

function make() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const sent: Tell[][] = [];
  return { sent, outbox: new Outbox((tells) => sent.push(tells)) };
}

it('sends the first at once, and gathers what follows in order', () => {
  const { sent, outbox } = make();
  outbox.log('a');
  expect(sent).toEqual([[['log', 'a', {}]]]);
  outbox.progress(1);
  outbox.log('b', { level: 'warn', fields: { x: 1 } });
  outbox.progress(2);
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(25);
  expect(sent[1]).toEqual([
    ['progress', 1],
    ['log', 'b', { level: 'warn', fields: { x: 1 } }],
    ['progress', 2],
  ]);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(2);
});

it('keeps the newest progress of several, and the detail that none of them replaced', () => {
  const { sent, outbox } = make();
  outbox.flush();
  outbox.log('first');
  outbox.progress(1, { step: 1 });
  outbox.progress(2);
  outbox.progress(3);
  outbox.flush();
  expect(sent[1]).toEqual([['progress', 3, { step: 1 }]]);
});

it('sends in time though no timer gets a chance', () => {
  const { sent, outbox } = make();
  outbox.log('a');
  const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 25);
  outbox.log('b');
  now.mockRestore();
  expect(sent.flat().map(([, message]) => message)).toEqual(['a', 'b']);
});

it('keeps no more lines than a job does', () => {
  const { sent, outbox } = make();
  outbox.log('first');
  for (let i = 0; i < 1_000; i++) outbox.log(`line ${i}`);
  outbox.progress(50);
  outbox.flush();
  const [, tells = []] = sent;
  expect(tells.length).toBeLessThanOrEqual(201);
  expect(tells.slice(-2)).toEqual([
    ['log', 'line 999', {}],
    ['progress', 50],
  ]);
});

it('shows what is no JSON as a text', () => {
  const { sent, outbox } = make();
  outbox.progress(1, { size: 1n } as never);
  expect(sent).toEqual([[['progress', 1, '[Do not know how to serialize a BigInt]']]]);
});
