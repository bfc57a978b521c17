/** The imports gate: dependency-cruiser with the rules of .dependency-cruiser.mjs, over all code of the workspace. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandScript, root } from '../lib/repository.mjs';
import { runNode } from '../lib/run.mjs';

const folders = ['packages', 'apps', 'benchmarks', 'examples'].filter((folder) => existsSync(join(root, folder)));
const args = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'err-long', ...folders];
const { ok, output } = await runNode(commandScript('dependency-cruiser', 'depcruise'), args, { cwd: root });
console.log(output);
process.exitCode = ok ? 0 : 1;
