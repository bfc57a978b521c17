/**
 * The program of the thread that keeps the folders of a busy store.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@leviathan/core';
import { createBirpc } from 'birpc';
import { errorCode, nodeFiles } from './files';
import { FolderKeeper } from './folder-keeper';
import { Layout } from './layout';
import { Quarantine } from './quarantine';
import type { HostFunctions, KeeperFunctions, SentError, SentOutcome, ThreadStart } from './view-thread-protocol';
import type { FolderHost, UpdateOutcome } from './view-update';

if (!parentPort) throw new Error('This module is the program of a thread, and is not to be imported.');
const port = parentPort;
const { root, notes } = workerData as ThreadStart;

const rpc = createBirpc<HostFunctions, KeeperFunctions, false>(
  {
    start: async () => ({ kept: await keeper.start(), files: keeper.files }),
    write: (updates) => ({ outcomes: keeper.write(updates).map(sent), files: keeper.files }),
    scan: async () => {
      await keeper.scan();
      return keeper.files;
    },
    idle: async () => {
      await keeper.idle();
      return keeper.files;
    },
    stop: () => keeper.stop(),
  },
  {
    proxify: false,
    timeout: -1,
    post: (frame) => port.postMessage(frame),
    on: (receive) => port.on('message', receive),
  },
);

const host: FolderHost = {
  look: (ids) => rpc.$call('look', ids),
  progress: () => rpc.$call('progress'),
  touch: (ids) => void rpc.$callEvent('touch', ids),
  replaced: (kept) => void rpc.$callEvent('replaced', kept),
  error: (error) => void rpc.$callEvent('error', sentError(error)),
  retry: (id) => rpc.$call('retry', id),
  cancel: (id) => rpc.$call('cancel', id),
  remove: (id) => rpc.$call('remove', id),
  edit: (id, patch) => rpc.$call('edit', id, patch),
  adopt: (file, folder) => rpc.$call('adopt', file, folder),
};

const layout = new Layout(root);
const quarantine = new Quarantine(layout, nodeFiles, systemClock);
const keeper = new FolderKeeper({ layout, files: nodeFiles, clock: systemClock, quarantine, host, notes });

function sent(outcome: UpdateOutcome): SentOutcome {
  return outcome instanceof Error ? sentError(outcome) : outcome;
}

function sentError(error: unknown): SentError {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  return { message, code: errorCode(error), ...(cause !== undefined && { cause: sentError(cause) }) };
}
