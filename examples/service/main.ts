/** A service that trains and predicts: `npm run service -- --help`. */
import { loadDigits } from '../mnist/digits.js';
import { readOptions, type ServiceOptions, usage } from './options.js';
import { buildServer } from './server.js';

async function main({ host, port, ...options }: ServiceOptions): Promise<void> {
  const server = await buildServer({ digits: loadDigits(undefined), ...options });
  // Once: a second signal ends the process at once. After close nothing is left to wait for, and Node ends by itself.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      server.log.info(`${signal}: closing`);
      server.close().catch((error: unknown) => {
        server.log.error(error);
        process.exitCode = 1;
      });
    });
  await server.listen({ host, port });
}

let options: ServiceOptions | null = null;
try {
  options = readOptions(process.argv.slice(2));
  if (options === null) console.log(usage);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
if (options !== null) await main(options);
