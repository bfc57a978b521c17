import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { tarballBytes, withPackedPackages } from '../../../scripts/lib/pack.mjs';
import { npmSettings } from '../../../scripts/lib/reader.mjs';
import { serveRegistry } from '../../../scripts/lib/registry.mjs';
import { commandScript, npmScript } from '../../../scripts/lib/repository.mjs';
import { run, runNode } from '../../../scripts/lib/run.mjs';

const MINUTES = 60_000;

/** Runs npm, or fails with what it printed. */
async function npm(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const script = npmScript();
  const options = { cwd, env, timeout: 5 * MINUTES };
  const { ok, output, stdout } = await (script ? runNode(script, args, options) : run('npm', args, options));
  expect(ok, `npm ${args.join(' ')}:\n${output}`).toBe(true);
  return stdout;
}

it(
  'writes a package that installs, compiles, passes its tests, can be published, and is loaded by the command',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'leviathan-create-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await withPackedPackages(async (packages) => {
      const registry = await serveRegistry(
        packages.map((packed) => ({ manifest: packed.manifest, bytes: tarballBytes(packed) })),
      );
      try {
        const settings = await npmSettings(join(folder, 'npmrc'), registry.url);
        // Nothing of the tests that this one is part of: the generated ones are a program of their own.
        const outside = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_|CI$)/i.test(name));
        const env = { ...Object.fromEntries(outside), ...settings, NO_COLOR: '1' };

        // The command as it is published, with its template.
        const created = packages.find(({ manifest }) => manifest.name === 'create-leviathan-processor');
        await npm(folder, env, 'install', '--no-save', '--prefix', folder, created?.tarball ?? '');
        const bin = join(folder, 'node_modules', 'create-leviathan-processor', 'dist', 'bin.js');
        const args = ['@me/leviathan-plugin-thing', '--dir', 'thing', '--description', "Someone's thing"];
        expect(await runNode(bin, args, { cwd: folder, env })).toMatchObject({ ok: true });

        const thing = join(folder, 'thing');
        await npm(thing, env, 'install');
        await npm(thing, env, 'run', 'typecheck');
        expect(await npm(thing, env, 'test')).toMatch(/Tests +5 passed/);
        await npm(thing, env, 'run', 'build');
        const publint = await runNode(commandScript('publint'), ['run', thing, '--strict'], { env });
        expect(publint.ok, publint.output).toBe(true);
        const [packed] = JSON.parse(await npm(thing, env, 'pack', '--dry-run', '--json', '--ignore-scripts'));
        expect(packed.files.map(({ path }: { path: string }) => path)).toEqual(
          expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.d.ts', 'dist/index.js', 'package.json']),
        );

        // In a program that has it as a dependency, with its own copy of the peer.
        const app = join(folder, 'app');
        await npm(folder, env, 'install', '--prefix', app, '--install-links', thing, '@leviathan/cli');
        writeFileSync(join(app, 'leviathan.config.json'), '{ "plugins": ["@me/leviathan-plugin-thing"] }');
        const leviathan = join(app, 'node_modules', '@leviathan', 'cli', 'dist', 'bin.js');
        const listed = await runNode(leviathan, ['plugins', '--json'], { cwd: app, env });
        expect(listed.ok, listed.output).toBe(true);
        expect(JSON.parse(listed.stdout)).toMatchObject({
          plugins: [{ name: '@me/leviathan-plugin-thing', version: '0.1.0', processors: [{ type: 'thing' }] }],
          failed: [],
        });
        const added = ['add', 'thing', 'items:=["a"]', '--wait', '--json', '--root', join(folder, 'jobs')];
        const ran = await runNode(leviathan, added, { cwd: app, env });
        expect(ran.ok, ran.output).toBe(true);
        expect(JSON.parse(ran.stdout)).toMatchObject({ status: 'completed', result: { done: 1 } });
        expect(existsSync(join(folder, 'jobs', 'completed'))).toBe(true);
      } finally {
        await registry.close();
      }
    });
  },
  15 * MINUTES,
);
