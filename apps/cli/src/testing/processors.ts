/**
 * A module for `--processors`, as a user would write one.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULE = `
const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const withText = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => typeof value?.text === 'string' ? { value } : { issues: [{ message: 'must be text', path: ['text'] }] },
  },
};
export default [
  { type: 'echo', input: withText, run: (ctx) => { ctx.log('echo of ' + ctx.input.text); ctx.progress(50, { step: 1 }); return { said: ctx.input.text }; } },
  { type: 'fail', input: any, defaults: { attempts: 1 }, run: () => { throw new TypeError('it broke'); } },
  { type: 'hang', input: any, run: (ctx) => new Promise((_, reject) => {
      ctx.log('hanging');
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason));
    }) },
];
`;

/** Writes the module into a folder; returns its path. Types: `echo` (wants data.text), `fail`, and `hang` (until it is aborted). */
export function writeProcessors(folder: string): string {
  const file = join(folder, 'processors.mjs');
  writeFileSync(file, MODULE);
  return file;
}
