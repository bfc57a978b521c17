import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { markedBlocks } from './marked-blocks.mjs';
import { npmSettings, Reader } from './reader.mjs';
import { serveRegistry } from './registry.mjs';
import { run } from './run.mjs';

const manifest = {
  name: '@leviathan/greeter',
  version: '1.2.3',
  type: 'module',
  exports: { '.': { types: './index.d.ts', default: './index.js' } },
};
/** @type {Buffer} */
let tarball;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leviathan-greeter-'));
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package', 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package', 'index.js'), 'export const greet = (name) => "hello " + name;\n');
  await writeFile(join(folder, 'package', 'index.d.ts'), 'export declare const greet: (name: string) => string;\n');
  await run('tar', ['-czf', 'greeter.tgz', 'package'], { cwd: folder });
  tarball = await readFile(join(folder, 'greeter.tgz'));
  return () => rm(folder, { recursive: true, force: true });
});

/** Tries a document's blocks in order. @param {string} markdown @param {NodeJS.ProcessEnv} [env] */
async function tryAll(markdown, env) {
  const reader = new Reader(env);
  onTestFinished(() => reader.close());
  const outcomes = [];
  for (const block of markedBlocks(markdown)) outcomes.push(await reader.try(block));
  return outcomes;
}

/** @param {string} code */
const shell = (code) => `<!-- run -->\n\`\`\`sh\n${code}\n\`\`\`\n`;
/** @param {string} code */
const program = (code) => `<!-- program: demo.mjs -->\n\`\`\`ts\n${code}\n\`\`\`\n`;

describe('a reader', () => {
  it('keeps the folder from block to block, and has a home of their own', async () => {
    const [first, second] = await tryAll(
      shell('ls -A > ../seen; echo hi > note') + shell('cat note; cat ../seen; echo "$HOME"'),
    );
    expect(first?.ok).toBe(true);
    expect(second?.ok).toBe(true);
    expect(second?.output).toContain('hi\n');
    expect(second?.output).not.toContain(`${process.env.HOME}\n`);
  });

  it('finds that a command fails, even when a later one succeeds', async () => {
    const [outcome] = await tryAll(shell('no-such-command\necho fine'));
    expect(outcome?.ok).toBe(false);
    expect(outcome?.output).toContain('no-such-command');
  });

  it('finds that the first part of a pipe fails', async () => {
    expect((await tryAll(shell('false | cat')))[0]?.ok).toBe(false);
  });

  it('finds that a program fails', async () => {
    expect((await tryAll(program('console.log("runs");')))[0]).toMatchObject({ ok: true, output: 'runs\n' });
    expect((await tryAll(program("throw new Error('broken');")))[0]?.output).toContain('broken');
    expect((await tryAll(program("import '@leviathan/missing';")))[0]?.ok).toBe(false);
  });

  it('installs packages by name from the registry it is given, and compiles programs against their types', async () => {
    const registry = await serveRegistry([{ manifest, bytes: tarball }]);
    onTestFinished(registry.close);
    const folder = await mkdtemp(join(tmpdir(), 'leviathan-npmrc-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const env = await npmSettings(join(folder, 'npmrc'), registry.url);
    const use = "import { greet } from '@leviathan/greeter';\n";

    const [install, good, badType] = await tryAll(
      shell('npm i @leviathan/greeter') +
        program(`${use}console.log(greet('you'));`) +
        program(`${use}console.log(greet(1));`),
      env,
    );

    expect(install, install?.output).toMatchObject({ ok: true });
    expect(good, good?.output).toMatchObject({ ok: true, output: 'hello you\n' });
    expect(badType?.ok).toBe(false);
    expect(badType?.output).toContain("'number' is not assignable to");
  });
});

describe('the registry', () => {
  it('serves what npm asks for, and nothing else', async () => {
    const registry = await serveRegistry([{ manifest, bytes: tarball }]);
    onTestFinished(registry.close);

    const answer = await fetch(`${registry.url}/@leviathan%2fgreeter`);
    const { versions, 'dist-tags': tags } = /** @type {any} */ (await answer.json());
    const file = Buffer.from(await (await fetch(versions['1.2.3'].dist.tarball)).arrayBuffer());

    expect(tags).toEqual({ latest: '1.2.3' });
    expect(versions['1.2.3'].dist.integrity).toBe(`sha512-${createHash('sha512').update(file).digest('base64')}`);
    expect(file.equals(tarball)).toBe(true);
    expect((await fetch(`${registry.url}/@leviathan%2fother`)).status).toBe(404);
  });
});
