import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { results, row } from '../test/results';
import { inPackage } from './paths';
import { withResults } from './readme';

test('results are put between the marks, and replace those that stood there', () => {
  const document = '# A\n\n<!-- results -->\nold\n<!-- end of results -->\n\nthe rest\n';
  const once = withResults(document, results([row('leviathan', 'add', 1_234)]));
  expect(once).not.toContain('old');
  expect(once).toMatch(
    /^# A\n\n<!-- results -->\n\n[\s\S]*1,234 jobs\/s[\s\S]*\n\n<!-- end of results -->\n\nthe rest\n$/,
  );
  expect(withResults(once, results([row('leviathan', 'add', 1_234)]))).toBe(once);
});

test('a document without marks is left alone', () => {
  expect(() => withResults('# A\n', results([]))).toThrow('no marks');
});

test('the README shows the results that are kept beside it', () => {
  const kept = JSON.parse(readFileSync(inPackage('results/queue.json'), 'utf8'));
  const readme = readFileSync(inPackage('README.md'), 'utf8');
  expect(withResults(readme, kept)).toBe(readme);
});
