/** Explores what it is told to on its command line, and prints the report. */
import { type ExploreOptions, explore } from './torture';

const report = await explore(JSON.parse(process.argv[2] as string) as ExploreOptions);
process.stdout.write(JSON.stringify(report));
