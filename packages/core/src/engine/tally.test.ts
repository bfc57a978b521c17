import { expect, it } from 'vitest';
import { ADDED, addTime, FAILED, histogramOf, merge, mergeText, newTally, RUN, statsOf, textOf, WAIT } from './tally';

function sample(): ReturnType<typeof newTally> {
  const tally = newTally();
  tally[ADDED] = 3;
  tally[FAILED] = 1;
  for (const ms of [0, 5, 5, 1_000]) addTime(tally, WAIT, ms);
  addTime(tally, RUN, 60_000);
  return tally;
}

it('is the same after it was a text', () => {
  const read = newTally();
  mergeText(read, textOf(sample()));
  expect(read).toEqual(sample());
  expect(textOf(sample())).toBe('[3,0,0,1,0,[1010,0,1,5,2,36,1],[60000,60,1]]');
});

it('is added to another as a list and as a text, with the same sum', () => {
  const [one, two] = [sample(), sample()];
  merge(one, sample());
  mergeText(two, textOf(sample()));
  expect(one).toEqual(two);
  expect(statsOf(one)).toMatchObject({ added: 6, failed: 2, wait: { count: 8, sum: 2_020, p50: 5 } });
});

it('takes a time below zero, which a clock that was set back makes, as none', () => {
  const tally = newTally();
  addTime(tally, RUN, -7);
  expect(histogramOf(tally, RUN)).toEqual({ count: 1, sum: 0, buckets: [[0, 1]] });
});

it('has no quantiles of nothing', () => {
  expect(statsOf(newTally())).toEqual({
    added: 0,
    started: 0,
    completed: 0,
    failed: 0,
    retried: 0,
    wait: { count: 0, sum: 0 },
    run: { count: 0, sum: 0 },
  });
});
