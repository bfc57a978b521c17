import { expect, test } from 'vitest';
import { largePayload, payload, payloads } from './payload';

const bytes = (data: object): number => Buffer.byteLength(JSON.stringify(data));

test('the data of a job is about 100 bytes of JSON', () => {
  expect(bytes(payload(0))).toBeGreaterThanOrEqual(90);
  expect(bytes(payload(1_000_000))).toBeLessThanOrEqual(110);
});

test('a large job is about a kilobyte, and its text is its own', () => {
  expect(bytes(largePayload(7))).toBeGreaterThanOrEqual(950);
  expect(bytes(largePayload(999_999))).toBeLessThanOrEqual(1_050);
  expect(largePayload(1).body).not.toBe(largePayload(2).body);
});

test('jobs are numbered from the first one on', () => {
  expect(payloads(3, 10).map(({ n }) => n)).toEqual([10, 11, 12]);
});
