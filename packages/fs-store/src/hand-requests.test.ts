import { JOB_STATUSES } from '@leviathan/core';
import { expect, it } from 'vitest';
import { isOpen, whyNot, wishOf } from './hand-requests';

it('knows which moves ask for something', () => {
  const wishes = JOB_STATUSES.flatMap((from) =>
    JOB_STATUSES.flatMap((to) => (wishOf(from, to) ? [`${from} -> ${to}: ${wishOf(from, to)}`] : [])),
  );
  expect(wishes).toEqual(['pending -> failed: cancel', 'active -> failed: cancel', 'failed -> pending: retry']);
});

it('has a sentence for every other move', () => {
  for (const from of JOB_STATUSES) {
    for (const to of JOB_STATUSES)
      if (from !== to && !wishOf(from, to)) expect(whyNot(from, to)).toMatch(/\w{3,}.*\.$/);
  }
  expect(whyNot('completed', 'pending')).toMatch(/does not run again.*inbox/);
});

it('passes a wish on only where it is not met already', () => {
  expect(JOB_STATUSES.map((status) => isOpen('retry', status))).toEqual([
    false,
    false,
    { late: expect.stringMatching(/too late to retry/) },
    true,
  ]);
  expect(JOB_STATUSES.map((status) => isOpen('cancel', status))).toEqual([
    true,
    true,
    { late: expect.stringMatching(/too late to cancel/) },
    false,
  ]);
});
