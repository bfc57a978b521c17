/**
 * Definitions: what a store keeps beside its jobs, by kind and name. Each is one readable file on disk.
 *
 * @module
 */
import type { Json } from './job';

/** The kinds of definitions, each with its folder on disk. */
export const DEFINITION_FOLDERS = {
  limit: 'limits',
  pool: 'pools',
  gate: 'gates',
  window: 'windows',
  schedule: 'schedules',
  template: 'templates',
} as const;

/** One of the keys of {@link DEFINITION_FOLDERS}. */
export type DefinitionKind = keyof typeof DEFINITION_FOLDERS;

/** All kinds. */
export const DEFINITION_KINDS = Object.keys(DEFINITION_FOLDERS) as DefinitionKind[];

/** Something that the store keeps beside its jobs. */
export interface Definition<Value = Json> {
  kind: DefinitionKind;
  /** Unique among those of its kind; a safe file name: see `isSafeId`. */
  name: string;
  /** What it says; which values a kind takes is told by its own documentation. */
  value: Value;
  /** Grows by one with every change. */
  rev: number;
  /** ISO 8601, UTC. */
  created: string;
  /** ISO 8601, UTC. */
  updated: string;
  /** What came of it so far, where that is kept: of a `schedule` its `ScheduleState`. */
  state?: Json;
}

/** A definition to be set, or with `null` to be removed. */
export interface DefinitionChange {
  kind: DefinitionKind;
  name: string;
  value: Json;
}
