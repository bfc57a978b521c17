/** A thread for the folders that dies in the middle of its work: when it is given the file of a completed job to write. */
import { parentPort } from 'node:worker_threads';
import '../view-thread';

parentPort?.on('message', (frame: unknown) => {
  // In a thread this ends the thread alone.
  if (JSON.stringify(frame).includes('"completed"')) process.exit(1);
});
