/**
 * What an owner is made of, and what it puts under the engine.
 *
 * @module
 */
import { type EngineOptions, jobTextOf } from '@leviathan/core/engine';
import { Archive } from './archive';
import { BodyCache } from './bodies';
import type { Journal } from './journal';
import { JournalLog } from './journal-log';
import { JournalPast } from './journal-past';
import type { Layout } from './layout';
import { capabilitiesOf, type StoreSettings } from './options';
import type { Ownership } from './ownership';
import type { Presence } from './presence';
import { Quarantine } from './quarantine';
import type { Recovered } from './recovery';

/** The data of jobs behind so many others is read from the journal when their turn comes: in blocks, since their neighbours come next. */
const LONG_QUEUE = 2_000;

/** What an owner is made of. */
export interface OwnerParts {
  settings: StoreSettings;
  layout: Layout;
  recovered: Recovered;
  journal: Journal;
  presence: Presence;
  /** This process's name among the clients. */
  instance: string;
  ownership: Ownership;
}

/** What stands under the engine of an owner. */
export interface Foundation {
  log: JournalLog;
  bodies: BodyCache;
  quarantine: Quarantine;
  archive: Archive;
  past: JournalPast;
  engine: EngineOptions;
}

/** Lays it. */
export function foundationOf({ settings, layout, recovered, journal }: OwnerParts): Foundation {
  const { files, clock, onError } = settings;
  const log = new JournalLog(journal, onError);
  const bodies = new BodyCache(
    (file, offset, length) => journal.readBody(file, offset, length),
    settings.memoryBytes,
    () => recovered.table.counts.total.ready > LONG_QUEUE,
  );
  const quarantine = new Quarantine(layout, files, clock);
  const archive = new Archive(layout.archive, files, clock, settings.audit);
  const past = new JournalPast(files, layout.journal);
  const engine: EngineOptions = {
    capabilities: capabilitiesOf(settings),
    log,
    bodies,
    retention: settings.retention,
    clock,
    maxJobBytes: settings.maxJobBytes,
    machine: settings.machine,
    table: recovered.table,
    hub: recovered.hub,
    past,
    archive: {
      append: (entries) =>
        archive.append(
          entries.map((entry) => ({
            finished: entry.run?.finished ?? entry.updated,
            text: jobTextOf(entry, bodies),
          })),
        ),
      // Also at `process`: a power cut must not keep the removal alone.
      sync: () => archive.sync(),
    },
    onError,
  };
  return { log, bodies, quarantine, archive, past, engine };
}
