/** The program, as a worker sees it. */
import type { BirpcReturn } from 'birpc';
import type { HostFunctions } from '../protocol';

/** Calls to the program. */
export type Host = BirpcReturn<HostFunctions, object, false>;
