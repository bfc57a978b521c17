import type { Retention } from '../../engine/index';
import type { JobStore } from '../../store';
import type { StoreUnderTest } from '../store-under-test';
import type { Hearing } from './hearing';
import type { Reference } from './reference';
import type { Script } from './script';
import type { Laws } from './told';

/** What a sequence of calls is made on. */
export interface StageOptions {
  under: StoreUnderTest;
  laws: Laws;
  /** How long finished jobs stay. */
  retention: Retention;
  /** Real milliseconds after which an answer counts as missing. */
  patience: number;
}

/** A real store and the reference, side by side, for those who do something to both. */
export interface Stage {
  readonly options: StageOptions;
  readonly ref: Reference;
  readonly script: Script;
  readonly hearing: Hearing;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The instance, opened when it is not. */
  instance(on: number): Promise<JobStore>;
  /** An attempt was given out. */
  gave(claimed: { job: { id: string }; token: string }[]): void;
  /** Throws unless the whole state, and everything told so far, is what the reference says. */
  agree(on: number): Promise<void>;
}

/** Names of the instances in a script. */
export function nameOf(on: number): string {
  return on === 0 ? 'store' : 'other';
}

/** Who works where: an instance's workers leave with it. */
export const WORKERS: readonly (readonly string[])[] = [['w1', 'w2'], ['w3']];

/** The store does not do what the reference does. */
export class ModelFault extends Error {}

/** @throws ModelFault when something is wrong */
export function mustBeRight(fault: string | undefined): void {
  if (fault !== undefined) throw new ModelFault(fault);
}
