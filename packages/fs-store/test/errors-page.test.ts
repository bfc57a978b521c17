import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@leviathan/core';
import * as remote from '@leviathan/core/remote';
import { expect, it } from 'vitest';
import * as fsStorePackage from '../src/index';

const packages = join(import.meta.dirname, '../..');
const page = readFileSync(join(packages, '../docs/guides/errors.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

const CODE = /(?:new (?:Leviathan|Store)Error|super)\(\s*'([A-Z_]+)'/g;

it('docs/guides/errors.md names every exported class of errors', () => {
  const exported = Object.entries({ ...core, ...remote, ...fsStorePackage }).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof core.LeviathanError ? [name] : [],
  );
  expect(exported).toContain('ValidationError');
  expect(exported.filter((name) => !rows.some((row) => row.includes(`\`${name}\``)))).toEqual([]);
});

it('docs/guides/errors.md names every code, and no other', () => {
  const thrown = new Set(['core', 'fs-store', 'config'].flatMap((name) => codesIn(join(packages, name, 'src'))));
  // What the store itself writes into a job: that its process died, and that a parent failed.
  thrown.add('CRASHED').add('DEPENDENCY');
  expect(thrown.size).toBeGreaterThan(25);
  expect(new Set(rows.map((row) => row.split('`')[1]))).toEqual(thrown);
});

it('docs/guides/errors.md gives each class its own code', () => {
  const codes = new Map(rows.map((row) => [/\| `(\w+)` *(?:\(.*?\))? *\|/.exec(row.slice(2))?.[1], row.split('`')[1]]));
  for (const error of [
    new core.ValidationError('x', []),
    new core.UnknownTypeError('x', []),
    new core.DuplicateJobError('x', 'id', 'x'),
    new core.CycleError([]),
    new core.JobTooLargeError('x', 1, 1),
    new core.JobNotFoundError('x'),
    new core.JobStateError('x', 'x'),
    new core.DefinitionNotFoundError('x', 'x'),
    new core.ImportFormatError('x'),
    new core.ImportConflictError('x', 'x', 'x'),
    new core.JobFailedError('x', 'error', 'x'),
    new core.WaitTimeoutError('x', 1),
    new core.ServiceError('x', undefined),
    new core.MiddlewareError('run', 'x'),
    new core.StoreClosedError(),
    new core.StoreWriteError('x', undefined),
    new core.StoreFormatError('2', '1'),
    new core.ConnectionError('x'),
    new core.UnsupportedError('x', 'x'),
    new core.UnrecoverableError('x'),
    new core.RetryAtError(0, 'x'),
    new core.TimeoutError(1),
    new core.CancelledError(),
    new core.ShutdownError(),
    new core.WorkerCrashError('x'),
    new core.MemoryLimitError(1),
    new core.CpuLimitError(1),
    new core.ModuleLoadError('x', 'x'),
    new core.InterruptedError(),
    new remote.MessageTooLargeError(2, 1),
    new remote.ConnectionLostError('x'),
  ]) {
    expect(codes.get(error.name), error.name).toBe(error.code);
  }
});

function codesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !/(^|\/)testing\//.test(name))
    .flatMap((name) => [...readFileSync(join(dir, name), 'utf8').matchAll(CODE)].map(([, code = '']) => code));
}
