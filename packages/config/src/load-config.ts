/**
 * From a folder to its configuration.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { ValidationError } from '@leviathan/core';
import type { LeviathanConfig } from './config';
import { ConfigError } from './errors';
import { findConfig } from './find-config';
import { importDefault } from './import-module';

/** A configuration, and where it comes from. */
export interface LoadedConfig {
  /** Absolute path of the file. */
  file: string;
  /** What it says; `root` is absolute. */
  config: LeviathanConfig;
}

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions {
  /** Where the search begins, and what `file` is seen from; the current folder by default. */
  cwd?: string;
  /** This file and no other. */
  file?: string;
}

/**
 * Loads the configuration of a folder: the nearest `leviathan.config.ts`, `.mts`, `.js`, `.mjs` or `.json` in it or above.
 * @returns undefined when there is none
 * @throws ConfigError
 */
export async function loadConfig({
  cwd = process.cwd(),
  file,
}: LoadConfigOptions = {}): Promise<LoadedConfig | undefined> {
  const found = file === undefined ? await findConfig(cwd) : await existing(resolve(cwd, file));
  if (found === undefined) return undefined;
  const { parseConfig } = await import('./schema');
  const parsed = parseConfig(await read(found));
  if ('issues' in parsed) {
    const cause = new ValidationError('The configuration', parsed.issues);
    throw new ConfigError(found, cause.message.replace(/^The configuration /, ''), { cause });
  }
  const { root, ...config } = parsed.config;
  return {
    file: found,
    config: { ...config, ...(root !== undefined && { root: resolve(dirname(found), root) }) },
  };
}

async function existing(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new ConfigError(file, 'is not there.');
  return file;
}

async function read(file: string): Promise<unknown> {
  try {
    if (extname(file) === '.json') return JSON.parse(await readFile(file, 'utf8')) as unknown;
    return await importDefault(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(file, `cannot be loaded: ${message}`, { cause });
  }
}
