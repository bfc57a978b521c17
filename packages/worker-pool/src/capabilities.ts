/**
 * What this platform can do.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { type AnyProcessor, type IsolationKind, ValidationError } from '@leviathan/core';

/** Whether the limits of a processor's isolation can be held here, by kind of worker. */
export type PoolCapabilities = Record<IsolationKind, { memory: 'heap' | 'all'; cpuTime: boolean; nice: boolean }>;

/** Linux alone knows the priority and the processor time of a thread. */
export function capabilitiesOf(platform: NodeJS.Platform): PoolCapabilities {
  const isLinux = platform === 'linux';
  return {
    thread: { memory: 'heap', cpuTime: isLinux && existsSync('/proc/thread-self/schedstat'), nice: isLinux },
    process: { memory: 'all', cpuTime: true, nice: true },
  };
}

/** @throws ValidationError */
export function assertSupported(capabilities: PoolCapabilities, { type, isolation = {} }: AnyProcessor): void {
  const { kind = 'process', cpuTime, nice = 0 } = isolation;
  const can = capabilities[kind];
  const lacks = [
    ...(cpuTime !== undefined && !can.cpuTime ? ['cpuTime'] : []),
    ...(nice > 0 && !can.nice ? ['nice'] : []),
  ];
  if (lacks.length === 0) return;
  const message = `cannot be held for a ${kind} on this platform; use a process`;
  throw new ValidationError(
    `The processor ${type}`,
    lacks.map((field) => ({ path: ['isolation', field], message })),
  );
}
