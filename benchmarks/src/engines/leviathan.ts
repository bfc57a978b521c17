/** Leviathan as its users get it: the built packages, the public API, the defaults; the durability is what the row names. */
import { join } from 'node:path';
import { defineProcessor, type JobStore, Leviathan, type Settlement, Worker } from '@leviathan/core';
import { type FsStore, fsStore } from '@leviathan/fs-store';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { now } from '../now';
import type { Payload } from '../payload';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';
import { Outcomes } from './outcomes';
import { reportError } from './report-error';

/** Takes everything as it is: none of the peers validates. */
export const passThrough: StandardSchemaV1<Payload> = {
  '~standard': { version: 1, vendor: 'benchmark', validate: (value) => ({ value: value as Payload }) },
};

/** Opens a store that tells of each outcome that it acknowledged: one call per batch. */
export function watchedStore(
  options: { root: string; durability: 'process' | 'power' },
  onSettled: (settlements: Settlement[]) => void,
): FsStore {
  const store = fsStore(options);
  const settle: JobStore['settle'] = store.settle.bind(store);
  store.settle = async (settlements) => {
    const results = await settle(settlements);
    onSettled(settlements);
    return results;
  };
  return store;
}

/** The processor of the one type of job that is measured. */
function mail(onJob: () => void) {
  return defineProcessor({ type: 'mail', input: passThrough, run: async () => onJob() });
}

async function open({ folder, durability }: EngineOptions): Promise<Session> {
  let outcomes = new Outcomes();
  const root = join(folder, 'jobs');
  const store = watchedStore({ root, durability }, (settlements) => outcomes.acknowledged(settlements.length));
  const leviathan = new Leviathan({ store, processors: [mail(() => {})], worker: false });
  await leviathan.start();
  return {
    add: (data) => leviathan.add('mail', data),
    addMany: (batch) => leviathan.addMany(batch.map((data) => ({ type: 'mail', data }))),
    prepare: async ({ concurrency, onJob }: WorkOptions): Promise<Work> => {
      const counted = new Outcomes();
      outcomes = counted;
      const processor = mail(() => {
        counted.handled();
        onJob();
      });
      const worker = new Worker({ store, processors: [processor], concurrency });
      worker.on('error', reportError);
      return {
        start: () => worker.start(),
        idle: () => counted.settled(),
        finish: async () => {
          await counted.settled();
          const end = now();
          await worker.stop();
          return end;
        },
      };
    },
    unfinished: async () => {
      const { pending, active } = await leviathan.counts();
      return pending + active;
    },
    close: () => leviathan.stop(),
  };
}

export const leviathan: Engine = { name: 'leviathan', packages: [], node: '20.19.0', open };
