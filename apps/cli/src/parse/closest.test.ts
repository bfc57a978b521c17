import { expect, it } from 'vitest';
import { closest } from './closest';

it('finds the word that a typing error or two away was meant', () => {
  expect(closest('donwload', ['download', 'scrape'])).toBe('download');
  expect(closest('FAILD', ['pending', 'failed'])).toBe('failed');
});

it('finds nothing where nothing is near', () => {
  expect(closest('resize', ['download', 'scrape'])).toBeUndefined();
  expect(closest('x', [])).toBeUndefined();
});
