/** One measurement, in a folder of its own, with a server of its own, and nothing left behind. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Durability, Engine, EngineOptions, Variant } from './engines/engine';
import type { FreshFolders } from './fresh-folder';
import type { Metric, Scale, Values } from './metrics/metric';
import { type ServerKind, type ServerProgram, startServer } from './servers';
import type { Server } from './servers/server';
import { isEnding, type Launch, startTask, type Task } from './spawn';
import { syncDisks } from './sync-disks';

/** What all measurements of a run share. */
export interface Setting {
  folders: FreshFolders;
  launch: Launch;
  programs: Partial<Record<ServerKind, ServerProgram>>;
}

export interface Measurement {
  metric: Metric;
  engine: Engine;
  durability: Durability;
  variant: Variant;
  scale: Scale;
}

/** A measurement that takes longer hangs. */
const PATIENCE_MS = 10 * 60_000;

/** @throws what the engine failed with */
export async function measure(setting: Setting, measurement: Measurement): Promise<Values> {
  // What was under way fails when everything is ended; nothing else may begin, and leave something behind.
  if (isEnding()) return new Promise<never>(() => {});
  const { engine, durability, scale } = measurement;
  const sync = scale.settle > 0 ? syncDisks : async () => {};
  const folder = await setting.folders.make();
  let server: Server | undefined;
  try {
    if (engine.server) server = await startServer(engine.server, setting.programs, join(folder, 's'), durability);
    // Also what the server wrote to begin with.
    await sync();
    return await measureIn(folder, server, sync, setting, measurement);
  } finally {
    await server?.stop();
    await setting.folders.remove(folder);
    await sync();
  }
}

async function measureIn(
  folder: string,
  server: Server | undefined,
  sync: () => Promise<void>,
  { launch }: Setting,
  { metric, engine, durability, variant, scale }: Measurement,
): Promise<Values> {
  const address = server && { server: server.address };
  const options: EngineOptions = { folder, durability, variant, first: true, ...address };
  const running: Task<unknown>[] = [];
  const start = <Result>(name: string, params: object): Task<Result> => {
    const told = { engine: engine.task?.engine ?? engine.name, options, ...params };
    const task = startTask<Result>(launch, name, told, engine.task?.script);
    running.push(task);
    return task;
  };
  const fresh = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    await sync();
  };
  try {
    const trial = { engine, durability, variant, folder, scale, ...address, start, fresh, sync };
    return await withinPatience(metric.measure(trial));
  } finally {
    await Promise.all(running.map((task) => task.kill()));
  }
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${PATIENCE_MS / 60_000} minutes`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
