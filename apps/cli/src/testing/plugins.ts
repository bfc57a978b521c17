/**
 * A configuration with plugins, as a user would write one.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLUGIN = `
const input = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value }),
    jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
  },
};
export default (options) => ({
  name: 'greetings',
  version: '1.2.3',
  description: 'Greets.',
  processors: [{ type: 'greet', description: 'A greeting.', input, run: ({ input }) => options.greeting + ' ' + input.name }],
  hooks: { completed: () => {} },
  middleware: {
    enqueue: (specs, next) => next(specs.map((spec) => ({ ...spec, tags: ['by-plugin'] }))),
    run: async (_, next) => (await next()) + '!',
  },
});
`;

/** Writes `leviathan.config.json` and its plugin: jobs of type `greet` (want data.name), and a tag and an exclamation mark for all jobs. */
export function writeConfig(folder: string, more: { plugins?: unknown[]; [option: string]: unknown } = {}): string {
  writeFileSync(join(folder, 'greetings.mjs'), PLUGIN);
  const { plugins = [], ...rest } = more;
  const file = join(folder, 'leviathan.config.json');
  writeFileSync(file, JSON.stringify({ ...rest, plugins: [['./greetings.mjs', { greeting: 'Hello' }], ...plugins] }));
  return file;
}
