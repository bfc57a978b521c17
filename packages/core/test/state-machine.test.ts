import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateMachinePage } from './state-machine';

const path = join(import.meta.dirname, '../../../docs/state-machine.md');

it('docs/state-machine.md is what the table of transitions gives', () => {
  if (process.env.LEVIATHAN_WRITE_DOCS) writeFileSync(path, stateMachinePage());
  expect(readFileSync(path, 'utf8'), 'LEVIATHAN_WRITE_DOCS=1 writes the page anew').toBe(stateMachinePage());
});
