import { assertPlugin, pluginManifest } from '@leviathan/core';
import { expect, it } from 'vitest';
import { version } from '../package.json';
import plugin from './index';

it('is a plugin that takes its options from a configuration', () => {
  const made = plugin({ directory: '/files', concurrency: 2 });
  expect(() => assertPlugin(made)).not.toThrow();
  expect(made.services?.[0]).toMatchObject({ directory: '/files' });
  expect(pluginManifest(made)).toMatchObject({
    name: '@leviathan/processors-download',
    version,
    processors: [{ type: 'download', concurrency: 2, input: { type: 'object', required: ['url'] } }],
    services: ['downloads'],
  });
});
