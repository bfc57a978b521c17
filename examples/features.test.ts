import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../docs/features.md'), 'utf8');
const examples = new Set(readdirSync(import.meta.dirname));
/** Rows of the matrix: the feature, and what stands in the column of Leviathan. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| |') && !line.startsWith('| **'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, feature = '', own = '', ...others]) => ({ feature, own, others }));

describe('docs/features.md', () => {
  it('has a row for each feature of the field', () => {
    expect(rows.length).toBeGreaterThan(70);
    for (const { feature, others } of rows) expect(others, feature).toHaveLength(11);
  });

  it.each(rows)('$feature: a mark leads to an example that is there', ({ own }) => {
    if (/^[○?]/.test(own)) return expect(own).not.toContain('examples/');
    const [, target] = /^\[[^\]]+\]\(\.\.\/examples\/([^)]+)\)/.exec(own) ?? [];
    expect(examples.has(target ?? own)).toBe(true);
  });

  it('names no example that is not there', () => {
    const named = [...page.matchAll(/\.\.\/examples\/([^)\s]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !examples.has(name ?? ''))).toEqual([]);
  });
});
