/** `npm run bench`: measures, prints, and says with its exit code whether every measurement was made. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Baseline, provideBaseline } from './baseline';
import { engines } from './engines';
import type { Engine } from './engines/engine';
import { FreshFolders } from './fresh-folder';
import { describeMachine, type Machine } from './machine';
import { metrics } from './metrics';
import { type Options, parseOptions, UsageError, usage } from './options';
import { nodeAt, nodeFor, providePeers, versionOf } from './provide-peers';
import { refreshReadme } from './readme';
import { reportOf } from './report';
import { type Results, type Row, ratiosOf, rowOf } from './result';
import { label, measureAll, valuesOf } from './rounds';
import { provideServer, type ServerKind, type ServerProgram } from './servers';
import { killAll } from './spawn';
import type { Setting } from './trial';

const names = { engines: engines.map(({ name }) => name), metrics: metrics.map(({ name }) => name) };

/** Where everything is measured. */
let folders: FreshFolders | undefined;
/** What this is compared with. */
let baseline: Baseline | undefined;

async function main(options: Options): Promise<boolean> {
  assertUsable(options);
  const place = await describeMachine(options.folder);
  if (place.fileSystem === 'tmpfs' && !options.quick) {
    throw new UsageError(
      `${options.folder} is in memory, where nothing is durable: name a folder on a disk with --dir.`,
    );
  }
  const chosen = options.engines.map((name) => engines.find((engine) => engine.name === name) as Engine);
  const wanted = metrics.filter(({ name }) => options.metrics.includes(name));
  if (!wanted.some((metric) => chosen.some((engine) => metric.takes(engine)))) {
    throw new UsageError(`${options.metrics.join(', ')}: not measured for ${options.engines.join(', ')}.`);
  }
  const absent: Machine['failures'] = {};
  const programs = await provideServers(chosen, absent);
  if (options.baseline !== undefined) baseline = await provideBaseline(options.baseline);
  const found = chosen.filter(({ name }) => absent[name] === undefined);
  const present = baseline === undefined ? found : [...found, baseline.engine];
  const node = options.node === undefined ? await nodeFor(present) : await nodeAt(options.node);
  await providePeers(present, node);

  const nodeArgs = options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(options.profile)];
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  folders = await FreshFolders.below(resolve(options.folder));
  const setting: Setting = { folders, launch: { node: node.path, nodeArgs }, programs };
  const machine: Machine = {
    ...place,
    node: node.version,
    versions: versionsOf(present, programs),
    rounds: options.rounds,
    ...(baseline && { baseline: baseline.commit }),
    settings: {},
    failures: absent,
  };
  let results: Results = { machine, rows: [], ratios: [] };
  // As far as it has come, in case that it is ended early.
  for await (results of measureEverything(setting, present, options, machine)) save(results, options.json);
  await folders.removeAll();
  await baseline?.remove();
  console.log(reportOf(results));
  return Object.keys(machine.failures).length === 0;
}

/** Gives the results after each metric. Notes the choices and the failures in `machine`. */
async function* measureEverything(
  setting: Setting,
  present: Engine[],
  options: Options,
  machine: Machine,
): AsyncGenerator<Results> {
  const rows: Row[] = [];
  const allSeries = metrics.flatMap((metric) => metric.series);
  const onStep = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
  for (const metric of metrics.filter(({ name }) => options.metrics.includes(name))) {
    const takers = present.filter((engine) => metric.takes(engine));
    for (const durability of metric.durabilities) {
      const candidates = await measureAll(setting, metric, durability, takers, { ...options, onStep });
      for (const series of metric.series) {
        for (const candidate of candidates) {
          const { variant, values } = valuesOf(candidate, series);
          rows.push(rowOf(candidate.engine.name, durability, series, values));
          const setup = Object.entries(variant).map(([name, value]) => `${name} ${value}`);
          if (setup.length > 0) machine.settings[label(candidate)] = setup.join(', ');
        }
      }
      for (const candidate of candidates) {
        if (candidate.failure !== undefined) machine.failures[label(candidate)] = String(candidate.failure);
      }
      yield { machine, rows, ratios: ratiosOf(rows, allSeries) };
    }
  }
}

/** What would only be noticed after hours. @throws UsageError */
function assertUsable({ folder, json, node }: Options): void {
  if (!isFolder(folder)) throw new UsageError(`--dir: ${folder} is no folder.`);
  if (node !== undefined && !existsSync(node)) throw new UsageError(`--node: there is no ${node}.`);
  if (json !== undefined && !isFolder(dirname(resolve(json))))
    throw new UsageError(`--json: ${dirname(json)} is no folder.`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @throws UsageError */
function readResults(path: string): Results {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results;
  } catch (error) {
    throw new UsageError(`${path} holds no results: ${(error as Error).message}`);
  }
}

function save(results: Results, path: string | undefined): void {
  if (path !== undefined) writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

/** Finds the servers' programs, and notes which engines have to be left out for want of one. */
async function provideServers(
  chosen: Engine[],
  absent: Machine['failures'],
): Promise<Partial<Record<ServerKind, ServerProgram>>> {
  const programs: Partial<Record<ServerKind, ServerProgram>> = {};
  for (const { name, server } of chosen) {
    if (server === undefined) continue;
    try {
      programs[server] ??= await provideServer(server);
    } catch (error) {
      absent[name] = `left out: ${(error as Error).message}`;
    }
  }
  return programs;
}

function versionsOf(present: Engine[], programs: Partial<Record<ServerKind, ServerProgram>>): Record<string, string> {
  const peers = present.flatMap(({ packages }) => packages).map((name) => [name, versionOf(name)]);
  const servers = Object.entries(programs).map(([kind, { version }]) => [kind, version]);
  return Object.fromEntries([...peers, ...servers]);
}

/** Ends whatever runs, and leaves nothing behind. */
async function leave(code: number): Promise<never> {
  await killAll();
  await folders?.removeAll();
  await baseline?.remove();
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(130));

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) console.log(usage);
  else if (args[0] === 'readme' && args[1] !== undefined) refreshReadme(readResults(args[1]));
  else await leave((await main(parseOptions(args, names))) ? 0 : 1);
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
  await leave(error instanceof UsageError ? 2 : 1);
}
