/** Holds a part file until it is killed. */
import { PartFile } from '../src/files/part';

const part = await PartFile.acquire(process.argv[2] ?? '', { create: true });
console.log(part instanceof PartFile ? 'held' : part);
setInterval(() => part, 1_000);
