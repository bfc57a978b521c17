import { expect, test } from 'vitest';
import { olderThan } from './provide-peers';

test('versions are compared number by number', () => {
  expect(olderThan('20.20.2', '22.12.0')).toBe(true);
  expect(olderThan('22.9.0', '22.12.0')).toBe(true);
  expect(olderThan('22.12.0', '22.12.0')).toBe(false);
  expect(olderThan('24.0.0', '22.18.0')).toBe(false);
});
