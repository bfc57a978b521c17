/** `pnpm typecheck`: runs tsc over the root and every package of the workspace, two at a time. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandScript, root, shown, workspacePackages } from './lib/repository.mjs';
import { runNode } from './lib/run.mjs';

const compiler = commandScript('typescript', 'tsc');
const waiting = [root, ...workspacePackages().map(({ folder }) => folder)].filter((folder) =>
  existsSync(join(folder, 'tsconfig.json')),
);

async function work() {
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    // From the root, so that the messages name files in full.
    const { ok, output } = await runNode(compiler, ['-p', join(folder, 'tsconfig.json'), '--pretty', 'false'], {
      cwd: root,
    });
    if (ok) continue;
    console.log(`${shown(folder) || 'root'}:\n${output}`);
    process.exitCode = 1;
  }
}

await Promise.all([work(), work()]);
