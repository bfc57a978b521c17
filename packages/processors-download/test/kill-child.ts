/** The process that the kill test kills: runs one download, and prints its result. */
import { DownloadService } from '../src/service';
import { contextFor } from './context';

const [directory = '', url = ''] = process.argv.slice(2);
const service = new DownloadService({ directory });
const result = await service.run(contextFor({ url }));
console.log(JSON.stringify(result));
await service.stop({ deadline: 0 });
