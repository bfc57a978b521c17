import { spawn } from 'node:child_process';
import { PrepareError } from './prepare.mjs';

/**
 * Runs a Node program in the place of this one, which ends with its exit code.
 *
 * @param {() => Promise<string[]>} prepare Makes what it needs; resolves with its arguments for Node.
 */
export async function runProgram(prepare) {
  try {
    const child = spawn(process.execPath, [...(await prepare()), ...process.argv.slice(2)], { stdio: 'inherit' });
    // It cleans up, and this waits for it; a Ctrl-C in a terminal reaches it by itself.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    process.exitCode = await new Promise((done, fail) =>
      child.once('error', fail).once('close', (code) => done(code ?? 130)),
    );
  } catch (error) {
    console.error(error instanceof PrepareError ? error.message : error);
    process.exitCode = 1;
  }
}
