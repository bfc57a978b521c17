/** Loads the queues that Leviathan is measured against. */
import { pathToFileURL } from 'node:url';
import { inPackage } from './paths';

/** Imports a package from the peers' own `node_modules`. The caller says what it uses of it: their types are not installed. */
export async function loadPeer<T>(name: string): Promise<T> {
  const { load } = await import(pathToFileURL(inPackage('peers/load.mjs')).href);
  return load(name);
}

/** Where better-sqlite3's binary for a Node stands. `modules`: `process.versions.modules`. */
export function sqliteBinary(modules: string): string {
  return inPackage(`peers/node_modules/.native/better_sqlite3-${modules}.node`);
}
