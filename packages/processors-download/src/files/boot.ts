import { readFile } from 'node:fs/promises';

let known: Promise<string | undefined> | undefined;

/**
 * Names this start of the machine, or `undefined` where the system has no such name. As long as it is the same, what was handed to the
 * kernel before a process died is still there; after another start only what was synced is.
 */
export function bootId(): Promise<string | undefined> {
  known ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  return known;
}
