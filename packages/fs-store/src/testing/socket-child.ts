/**
 * A client of a store behind a socket, in a process of its own. Told `claim`, it claims a job and answers with its id; told `close`, it
 * leaves in order.
 */
import { RemoteStore } from '@leviathan/core/remote';
import { connectToSocket } from '../socket-channel';

const [path = ''] = process.argv.slice(2);
const store = new RemoteStore(await connectToSocket(path));
await store.open();

process.on('message', async (message) => {
  if (message === 'claim') {
    const [claimed] = await store.claim({ worker: `worker-${process.pid}`, limit: 1, wait: true });
    process.send?.(claimed?.job.id);
  } else {
    await store.close();
    process.disconnect();
  }
});
process.send?.('ready');
