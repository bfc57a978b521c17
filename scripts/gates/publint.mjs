/** The publint gate: runs publint on what would be published, and holds that to this repository's own rules. */
import { withPackedPackages } from '../lib/pack.mjs';
import { commandScript } from '../lib/repository.mjs';
import { runNode } from '../lib/run.mjs';

await withPackedPackages(async (packages) => {
  for (const { tarball, manifest, files } of packages) {
    const { ok, output } = await runNode(commandScript('publint'), ['run', tarball, '--strict']);
    const faults = [...ownRules(manifest, files), ...(ok ? [] : [output])];
    if (faults.length === 0) continue;
    console.log(`${manifest.name}:\n${faults.join('\n')}`);
    process.exitCode = 1;
  }
});

/**
 * @param {import('../lib/pack.mjs').PackedPackage['manifest']} manifest
 * @param {string[]} files
 */
function ownRules(manifest, files) {
  const faults = ['LICENSE', 'README.md']
    .filter((name) => !files.includes(name))
    .map((name) => `${name} is not in the package`);
  const text = JSON.stringify(manifest);
  // Sources are not in the package: an import through this condition would find nothing.
  if (text.includes('@leviathan/source'))
    faults.push('publishConfig.exports must repeat exports without "@leviathan/source"');
  if (text.includes('"workspace:') || text.includes('"catalog:'))
    faults.push('a version of the workspace was not filled in');
  if (!('engines' in manifest) || manifest.license !== 'MIT') faults.push('it must name its engines and its licence');
  for (const script of ['preinstall', 'install', 'postinstall']) {
    if (manifest.scripts?.[script] !== undefined) faults.push(`it would run a script at install: ${script}`);
  }
  const stray = files.filter((path) => /\.(test|bench)\.|(^|\/)node_modules\//.test(path));
  if (stray.length > 0) faults.push(`it contains ${stray.join(', ')}`);
  return faults;
}
