import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const manifest = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path, 'package.json'), 'utf8'));

it('uses the versions that this repository is tested with', () => {
  const template = manifest('packages/create-leviathan-processor/template');
  const { devDependencies } = manifest('.');
  const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const catalog = (name: string) => new RegExp(`^ {2}${name}: (.*)$`, 'm').exec(workspace)?.[1];
  expect(template.devDependencies).toEqual({
    '@leviathan/core': `^${manifest('packages/core').version}`,
    '@types/node': devDependencies['@types/node'],
    tsup: devDependencies.tsup,
    typescript: devDependencies.typescript,
    vitest: catalog('vitest'),
  });
  expect(template.dependencies).toEqual({ zod: catalog('zod') });
});
