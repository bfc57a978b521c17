/**
 * All workloads: see `workload.ts`.
 *
 * @module
 */
import { type Site, World } from '../world';
import { ADDING } from './adding';
import { CHANGING } from './changing';
import { ENDING } from './ending';
import { FLOWS } from './flows';
import { KEEPING } from './keeping';
import { OUTSIDE } from './outside';
import { RUNNING } from './running';
import { TIMED } from './timed';
import type { Workload } from './workload';

export type { Workload } from './workload';

/** The first one makes its store every time. */
export const WORKLOADS: readonly Workload[] = [
  ...ADDING,
  ...RUNNING,
  ...FLOWS,
  ...ENDING,
  ...CHANGING,
  ...TIMED,
  ...KEEPING,
  ...OUTSIDE,
];

/** Runs one on a site, to its end. */
export async function runWorkload(workload: Workload, site: Site): Promise<World> {
  const world = new World(site, workload.options);
  await workload.run(world);
  return world;
}
