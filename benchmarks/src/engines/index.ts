/** All engines, in the order of the tables. */
import { bareFiles } from './bare-files';
import { bullmq } from './bullmq';
import type { Engine } from './engine';
import { graphileWorker } from './graphile-worker';
import { leviathan } from './leviathan';
import { pgBoss } from './pg-boss';
import { plainjob } from './plainjob';

export const engines: Engine[] = [leviathan, bullmq, plainjob, graphileWorker, pgBoss, bareFiles];

/** @throws when there is no engine of this name */
export function engineNamed(name: string): Engine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine === undefined) throw new Error(`No such engine: ${name}`);
  return engine;
}
