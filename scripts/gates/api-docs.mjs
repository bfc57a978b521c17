/** The docs gate: TypeDoc over every public entry point, into a folder that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandScript, root } from '../lib/repository.mjs';
import { runNode } from '../lib/run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'leviathan-api-'));
try {
  const args = ['--out', folder, '--treatWarningsAsErrors'];
  const { ok, output } = await runNode(commandScript('typedoc'), args, { cwd: root });
  if (!ok) console.log(output);
  process.exitCode = ok ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
