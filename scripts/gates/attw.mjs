/** The attw gate: the types of each package, as its users' compilers find them. */
import { withPackedPackages } from '../lib/pack.mjs';
import { commandScript } from '../lib/repository.mjs';
import { runNode } from '../lib/run.mjs';

await withPackedPackages(async (packages) => {
  // A package that only brings a command has nothing to import.
  const importable = packages.filter(
    ({ manifest }) => manifest.exports !== undefined && '.' in Object(manifest.exports),
  );
  if (importable.length === 0) throw new Error('no package can be imported');
  for (const { tarball } of importable) {
    const args = [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'];
    const { ok, output } = await runNode(commandScript('@arethetypeswrong/cli', 'attw'), args);
    // A package without any types is no failure to attw.
    if (ok && !output.includes('does not contain types')) continue;
    console.log(output);
    process.exitCode = 1;
  }
});
