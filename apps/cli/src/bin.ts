#!/usr/bin/env node
import { version } from '../package.json';

// The quick answer, without loading a parser.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${version}\n`);
} else {
  const { runProcess } = await import('./process');
  await runProcess();
}
