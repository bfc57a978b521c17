import { defineProject } from 'vitest/config';
import { shared } from '../vitest.shared.mjs';

// An example may start real downloads and workers, on a machine that is busy with the others.
export default defineProject(shared('examples', { include: ['*.test.ts'], testTimeout: 120_000 }));
