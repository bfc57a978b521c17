import { defineProject } from 'vitest/config';
import { shared } from '../../vitest.shared.mjs';

const config = shared('otel');
// What OpenTelemetry's packages have for `module` is for bundlers: Node cannot load it, and takes what they have for everybody else.
const conditions = ['@leviathan/source', 'node', 'development|production'];

export default defineProject({
  ...config,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
});
