/** `leviathan add` @module */
import type { JobHandle, Json } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { follow } from '../follow';
import { jobLines } from '../format/job-page';
import { resolveIds } from '../parse/ids';
import { anchored, readJobData } from '../parse/job-data';
import { type Definition, type JobFlags, parseDefinitions, parseJobFlags } from '../parse/job-options';
import { checkTypes } from '../parse/types';
import { type Loaded, loadProcessors } from '../processors';
import type { Session } from '../session';
import { signalCode } from '../signals';

interface Options extends JobFlags {
  data?: string;
  unique?: boolean;
  wait?: boolean;
  batch?: boolean;
  anyType?: boolean;
  processors?: string[];
  to?: string;
  name?: string;
  checksum?: string;
}

export async function run(
  session: Session,
  type: string | undefined,
  args: string[],
  options: Options,
): Promise<number> {
  const definitions = options.batch
    ? await readBatch(session, type, args, options)
    : [await readOne(session, type, args, options)];
  const loaded = await loadProcessors(session, options.processors);
  if (!options.anyType) {
    checkTypes(
      definitions.map((definition) => definition.type),
      loaded.processors.map((processor) => processor.type),
    );
  }
  for (const definition of definitions) definition.data = anchored(definition.type, definition.data, session.io.cwd);
  const queue = await addQueue(session, loaded, definitions, options.anyType === true);
  const store = await session.store('write');
  if (!options.batch && options.dependsOn !== undefined) {
    for (const definition of definitions) definition.options.dependsOn = await resolveIds(store, options.dependsOn);
  }
  const handles = await queue.addMany(definitions, { onDuplicate: options.unique ? 'reject' : 'return' });
  return options.wait ? await waitFor(session, queue, handles, loaded, options) : await tell(session, handles, options);
}

/** A queue that checks what is added, as far as the processors here know the types. */
export async function addQueue(
  session: Session,
  loaded: Loaded,
  definitions: readonly { type: string }[],
  anyType: boolean,
) {
  const { Queue, pluginMiddleware } = await import('@leviathan/core');
  const middleware = loaded.plugins.flatMap(pluginMiddleware);
  const store = await session.store('write');
  // A queue without processors checks nothing: only for types that none of them knows.
  const foreign =
    anyType && definitions.some(({ type }) => !loaded.processors.some((processor) => processor.type === type));
  return new Queue({ store, middleware, ...(!foreign && { processors: loaded.processors }) });
}

async function readBatch(
  session: Session,
  type: string | undefined,
  args: string[],
  options: Options,
): Promise<Definition[]> {
  const alone = type === undefined && args.length === 0 && options.data === undefined && options.id === undefined;
  if (!alone)
    throw new UsageError('--batch reads types and data from standard input; give neither on the command line.');
  if (session.io.stdin.isTTY === true) session.out.note('Reading jobs, one JSON object a line; Ctrl-D ends.');
  const common = parseJobFlags(options, session.io.now());
  const definitions = parseDefinitions(await session.readInput(), 'standard input');
  return definitions.map((definition) => ({ ...definition, options: { ...common, ...definition.options } }));
}

async function readOne(
  session: Session,
  type: string | undefined,
  args: string[],
  options: Options,
): Promise<Definition> {
  if (type === undefined) throw new UsageError('Which type of job?', 'leviathan add download <url>, or --batch.');
  const fields = downloadFields(type, options);
  const data = await readJobData(type, { args, data: options.data, fields }, () => session.readInput());
  return { type, data, options: parseJobFlags(options, session.io.now()) };
}

function downloadFields(type: string, { to, name, checksum }: Options): { [key: string]: Json } {
  const fields = {
    ...(to !== undefined && { to }),
    ...(name !== undefined && { file: name }),
    ...(checksum !== undefined && { checksum }),
  };
  if (type !== 'download' && Object.keys(fields).length > 0)
    throw new UsageError('--to, --name and --checksum belong to downloads.');
  return fields;
}

async function tell(session: Session, handles: readonly JobHandle[], options: Options): Promise<number> {
  const { out } = session;
  const results = handles.map(({ id, added }) => ({ id, added }));
  if (out.json) await (options.batch ? out.value(results) : out.value(results[0]));
  else await out.lines(results.map(({ id }) => id));
  const old = results.filter(({ added }) => !added).length;
  if (old > 0) out.note(old === 1 ? 'That job was there already.' : `${old} of these jobs were there already.`);
  return EXIT.ok;
}

async function waitFor(
  session: Session,
  queue: Parameters<typeof follow>[1],
  handles: readonly JobHandle[],
  loaded: Loaded,
  options: Options,
): Promise<number> {
  const { out } = session;
  const ids = [...new Set(handles.map(({ id }) => id))];
  const followed = await follow(session, queue, { ids, loaded });
  if (followed.ended === 'signal') {
    const again = `"leviathan work" runs ${ids.length === 1 ? 'it' : 'them'}; "leviathan cancel" ends ${ids.length === 1 ? 'it' : 'them'}.`;
    const what = ids.length === 1 ? `Job ${ids[0]}` : `${ids.length} jobs`;
    out.note(`${what} ${ids.length === 1 ? 'stays' : 'stay'} in the queue. ${again}`);
    return signalCode(followed.signal);
  }
  if (out.json) await (options.batch ? out.value(followed.jobs) : out.value(followed.jobs[0]));
  else for (const job of followed.jobs) await out.lines(jobLines(job, session));
  return followed.jobs.some((job) => job.status === 'failed') ? EXIT.jobFailed : EXIT.ok;
}
