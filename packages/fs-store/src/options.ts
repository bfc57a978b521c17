/**
 * What a file store can be told.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, type MachineProbe, type StoreCapabilities, systemClock } from '@leviathan/core';
import { DEFAULT_MAX_JOB_BYTES, DEFAULT_RETENTION, ENGINE_FEATURES, type Retention } from '@leviathan/core/engine';
import { type Files, nodeFiles } from './files';
import { type Host, systemHost } from './host';
import { machineProbe } from './machine';
import { defaultRoot } from './root';
import type { AuditRetention } from './snapshotter';

/** Options of `fsStore`. */
export interface FsStoreOptions {
  /** The folder of the jobs; `~/.leviathan/jobs` (see `defaultRoot`) by default. */
  root?: string;
  /**
   * What an acknowledged call survives. `power` (default): a power cut; each group of calls waits for the device. `process`: the death of
   * the process, however sudden; a power cut may take the last seconds.
   */
  durability?: 'power' | 'process';
  /** How long finished jobs stay in their folders before they go to `archive/`; 24 hours and 10,000 completed, 7 days of failed ones. */
  retention?: { completed?: Partial<Retention['completed']>; failed?: Partial<Retention['failed']> };
  /** How long the archive and the compressed journal stay; 365 days and 1 GiB of each by default. */
  audit?: Partial<AuditRetention>;
  /** Pending jobs that are shown as files; the journal holds all. 10,000 by default. */
  pendingFiles?: number;
  /** Largest JSON text of a job's data or result in bytes; 16 MiB by default. */
  maxJobBytes?: number;
  /** Bytes of job data kept in memory; what is older is read from disk when it is needed. 64 MiB by default. */
  memoryBytes?: number;
  /**
   * Bytes of journal that only tell of the past, after which a snapshot is taken; 384 MiB by default, which take some seconds to read when
   * the store opens after a crash.
   */
  snapshotBytes?: number;
  /** Size at which a journal file is followed by a new one; 64 MiB by default. */
  segmentBytes?: number;
  /** Milliseconds to wait for the present owner to answer, when another process holds the store; 60 seconds by default. */
  patience?: number;
  clock?: Clock;
  /** Tells gates how the machine is; by default what Node and Linux tell: load, memory, disk, battery. */
  machine?: MachineProbe;
  /** Hears of what no caller can be told: files in quarantine, a disk that fails in the background, listeners that threw. */
  onError?: (error: unknown) => void;
  /** The file system; for tests. */
  files?: Files;
  /** Do without the kernel's lock, as where it does not exist; for tests. */
  fallbackLock?: boolean;
  /** The program of the thread that keeps the folders of a busy store, `false` for none; for tests. */
  viewProgram?: URL | false;
  /** Locks and local sockets; for tests. */
  host?: Host;
  /** The time that people and other programs live in who change files in the folders; the system's by default. For tests. */
  folderClock?: Clock;
}

/** All options, with their defaults. */
export interface StoreSettings {
  root: string;
  durability: 'power' | 'process';
  retention: Retention;
  audit: AuditRetention;
  pendingFiles: number;
  maxJobBytes: number;
  memoryBytes: number;
  snapshotBytes: number;
  segmentBytes: number;
  patience: number;
  clock: Clock;
  machine: MachineProbe;
  folderClock: Clock;
  onError: (error: unknown) => void;
  files: Files;
  host: Host;
  viewProgram: URL | undefined;
}

/** What a file store can do, whichever process owns it. */
export function capabilitiesOf({ durability }: StoreSettings): StoreCapabilities {
  return {
    name: 'fs',
    persistent: true,
    durability,
    shared: true,
    ...ENGINE_FEATURES,
    audit: true,
  };
}

const MIB = 1024 * 1024;

/** Fills in the defaults. */
export function settingsOf(options: FsStoreOptions): StoreSettings {
  const files = options.files ?? nodeFiles;
  // Clients in other working directories are told paths below it.
  const root = resolve(options.root ?? defaultRoot());
  return {
    root,
    durability: options.durability ?? 'power',
    retention: {
      completed: { ...DEFAULT_RETENTION.completed, ...options.retention?.completed },
      failed: { ...DEFAULT_RETENTION.failed, ...options.retention?.failed },
    },
    audit: { days: 365, bytes: 1024 * MIB, ...options.audit },
    pendingFiles: options.pendingFiles ?? 10_000,
    maxJobBytes: options.maxJobBytes ?? DEFAULT_MAX_JOB_BYTES,
    memoryBytes: options.memoryBytes ?? 64 * MIB,
    snapshotBytes: options.snapshotBytes ?? 384 * MIB,
    segmentBytes: options.segmentBytes ?? 64 * MIB,
    patience: options.patience ?? 60_000,
    clock: options.clock ?? systemClock,
    machine: options.machine ?? machineProbe(root),
    folderClock: options.folderClock ?? systemClock,
    onError: options.onError ?? (() => {}),
    viewProgram: viewProgramOf(options),
    files,
    host: options.host ?? systemHost(files, options.fallbackLock ?? false),
  };
}

/** A thread has the real file system. Where a program was bundled into one file there is no second one to start it from. */
function viewProgramOf({ files, viewProgram }: FsStoreOptions): URL | undefined {
  if (viewProgram !== undefined) return viewProgram || undefined;
  const program = new URL('./view-thread.js', import.meta.url);
  return files === undefined && existsSync(program) ? program : undefined;
}
