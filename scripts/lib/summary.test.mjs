import { describe, expect, it } from 'vitest';
import { summarize } from './summary.mjs';

const lint = { name: 'lint', passed: 1, failed: 0, skipped: 0, seconds: 1.24, failures: [], skips: [] };
const tests = {
  name: 'tests',
  passed: 7,
  failed: 0,
  skipped: 1,
  seconds: 30,
  failures: [],
  skips: ['a.test.ts: serves (nginx is not installed)'],
};
const broken = { ...tests, failed: 2, failures: ['a.test.ts: adds', 'a.test.ts: claims'] };

describe('the end of npm test', () => {
  it('is the line of totals', () => {
    const { text } = summarize([lint, tests], { strict: false, missing: [] });
    expect(text.split('\n').at(-1)).toBe('8 passed, 0 failed, 1 skipped');
  });

  it('names each skipped test with its reason, and passes', () => {
    const { text, ok } = summarize([lint, tests], {
      strict: false,
      missing: ['nginx is not installed: it needs root'],
    });
    expect(ok).toBe(true);
    expect(text).toContain('tests: a.test.ts: serves (nginx is not installed)');
    expect(text).toContain('nginx is not installed: it needs root');
  });

  it('counts a skipped test as failed when nothing may be skipped', () => {
    const { text, ok } = summarize([lint, tests], { strict: true, missing: [] });
    expect(ok).toBe(false);
    expect(text.split('\n').at(-1)).toBe('8 passed, 1 failed, 0 skipped');
    expect(text).toContain('tests: a.test.ts: serves (nginx is not installed)');
  });

  it('names each failed test, and fails', () => {
    const { text, ok } = summarize([lint, broken], { strict: false, missing: [] });
    expect(ok).toBe(false);
    expect(text).toContain('tests: a.test.ts: adds\n  tests: a.test.ts: claims');
    expect(text).toMatch(/^tests +7 +2 +1 +30\.0$/m);
  });

  it('says what was not tested because it does not apply, and does not count it', () => {
    const { text } = summarize([{ ...lint, unclaimed: ['a.test.ts: no disk (2 tests)'] }], {
      strict: true,
      missing: [],
    });
    expect(text).toContain('does not claim it:\n  a.test.ts: no disk (2 tests)');
    expect(text.split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  });

  it('fails when no gate ran', () => {
    expect(summarize([], { strict: false, missing: [] }).ok).toBe(false);
  });
});
