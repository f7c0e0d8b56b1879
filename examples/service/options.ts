import { parseArgs } from 'node:util';

/** What the server can be told on the command line. */
export interface ServiceOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the model is kept from run to run. */
  readonly modelFile: string;
  readonly logLevel: string;
}

export const usage = `Trains on handwritten digits beside answering requests.

  npm run service -- [options]

  --port N          default 3000; 0 takes any free one
  --host NAME       default 127.0.0.1
  --model FILE      loaded at start if it is there, written after training and at the end (default digits.model.json)
  --log-level NAME  trace, debug, info, warn, error or silent (default info)
  -h, --help        this text`;

/** Reads the command line. @throws Error whose message says what is wrong. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): ServiceOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '3000' },
      host: { type: 'string', default: '127.0.0.1' },
      model: { type: 'string', default: 'digits.model.json' },
      'log-level': { type: 'string', default: 'info' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535)
    throw new Error(`--port must be an integer from 0 to 65535, got '${values.port}'`);
  return { host: values.host, port, modelFile: values.model, logLevel: values['log-level'] };
}
