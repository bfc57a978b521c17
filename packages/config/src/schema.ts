/**
 * Checks what a configuration file says. Loaded only when there is such a file.
 *
 * @module
 */
import type { Issue } from '@leviathan/core';
import { z } from 'zod';
import type { LeviathanConfig, PluginEntry } from './config';

const count = z.number().int().positive();
const amount = z.number().nonnegative();
const retention = z.strictObject({ age: amount, count: amount, bytes: amount }).partial();

const schema = z
  .strictObject({
    root: z.string().min(1),
    store: z
      .strictObject({
        durability: z.enum(['power', 'process']),
        retention: z.strictObject({ completed: retention, failed: retention }).partial(),
        audit: z.strictObject({ days: amount, bytes: amount }).partial(),
        pendingFiles: amount,
        maxJobBytes: count,
        memoryBytes: amount,
        snapshotBytes: count,
        segmentBytes: count,
        patience: amount,
      })
      .partial(),
    worker: z.strictObject({ concurrency: count, maxUnacknowledged: count, stuckAfter: amount }).partial(),
    // What a plugin contributes is checked when it is loaded: a faulty one is skipped, and does not make the file invalid.
    plugins: z.array(
      z.custom<PluginEntry>(isEntry, 'must be the name of a package, the path of a file, [name, options], or a plugin'),
    ),
  })
  .partial();

/** The configuration, or what is wrong with it. */
export function parseConfig(value: unknown): { config: LeviathanConfig } | { issues: Issue[] } {
  const result = schema.safeParse(value);
  if (result.success) return { config: result.data as LeviathanConfig };
  return { issues: result.error.issues.flatMap(toIssues) };
}

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such option' }));
}

function isEntry(entry: unknown): boolean {
  if (Array.isArray(entry)) return entry.length === 2 && isName(entry[0]);
  return isName(entry) || (typeof entry === 'object' && entry !== null);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0;
}
