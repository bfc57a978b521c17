/**
 * The readme gate: tries every marked block (see lib/marked-blocks.mjs) of every Markdown file, in order, as a reader would.
 * Names of files limit it to those.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFiles } from '../lib/files.mjs';
import { markedBlocks } from '../lib/marked-blocks.mjs';
import { tarballBytes, withPackedPackages } from '../lib/pack.mjs';
import { npmSettings, Reader } from '../lib/reader.mjs';
import { serveRegistry } from '../lib/registry.mjs';
import { root } from '../lib/repository.mjs';

const named = process.argv.slice(2);
const paths = named.length > 0 ? named : (await repositoryFiles()).filter((path) => path.endsWith('.md'));
const documents = paths.map((path) => ({ path, ...parse(path) }));
if (documents.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
if (!documents.some(({ path, blocks }) => path === (named[0] ?? 'README.md') && blocks.length > 0)) {
  console.log(`${named[0] ?? 'README.md'} marks no block to be tried`);
  process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), 'leviathan-documents-'));
try {
  await withPackedPackages(async (packages) => {
    const registry = await serveRegistry(
      packages.map((packed) => ({ manifest: packed.manifest, bytes: tarballBytes(packed) })),
    );
    try {
      const env = await npmSettings(join(folder, 'npmrc'), registry.url);
      for (const { path, blocks } of documents) if (blocks.length > 0) await tryBlocks(path, blocks, env);
    } finally {
      await registry.close();
    }
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} path */
function parse(path) {
  try {
    return { blocks: markedBlocks(readFileSync(join(root, path), 'utf8')) };
  } catch (error) {
    console.log(`${path}: ${error instanceof Error ? error.message : error}`);
    return { blocks: [], fault: error };
  }
}

/** @param {string} path @param {import('../lib/marked-blocks.mjs').MarkedBlock[]} blocks @param {NodeJS.ProcessEnv} env */
async function tryBlocks(path, blocks, env) {
  const reader = new Reader(env);
  try {
    for (const block of blocks) {
      const { ok, output } = await reader.try(block);
      console.log(`${ok ? 'works' : 'fails'}: ${path}:${block.line} (${block.name ?? block.kind})`);
      if (ok) continue;
      console.log(output);
      process.exitCode = 1;
      // What follows builds on it.
      return;
    }
  } finally {
    reader.close();
  }
}
