/** Takes the lock whenever it is told `take`, answers `held` or `refused`, and frees it when told `release`. */
import { acquireLock, type Lock } from '../lock';

const [path = '', kind] = process.argv.slice(2);
let lock: Lock | null = null;

process.on('message', (message) => {
  if (message === 'take') {
    lock = acquireLock(path, { fallback: kind === 'file' });
    process.send?.(lock ? 'held' : 'refused');
  } else {
    lock?.release();
    process.send?.('released');
  }
});
process.send?.('ready');
