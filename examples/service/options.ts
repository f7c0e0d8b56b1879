import { parseArgs } from 'node:util';
import { isLoopback } from './security.js';

/** What the server can be told on the command line. */
export interface ServiceOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string | null;
  readonly hosts: readonly string[];
  /** Where the model is kept from run to run. */
  readonly modelFile: string;
  /** Bytes that a training may take. */
  readonly memory: number;
  /** Milliseconds in which a request must have come in whole. */
  readonly requestTimeout: number;
  readonly logLevel: string;
}

export const usage = `Trains on handwritten digits while it answers requests.

  npm run service -- [options]

  --port N              default 3000; 0 takes any free one
  --host NAME           default 127.0.0.1; beyond this machine only with a token
  --token TEXT          asked for as 'authorization: Bearer TEXT'; at least 16 characters (or SERVICE_TOKEN)
  --allow-host NAME     answer requests to this host name too; may be given more than once
  --model FILE          loaded at start if it is there, written after training and at the end (default digits.model)
  --memory MIB          that a training may take (default 128)
  --request-timeout S   seconds in which a request must have come in (default 10)
  --log-level NAME      trace, debug, info, warn, error or silent (default info)
  -h, --help            this text`;

/** Reads the command line. @throws Error whose message says what is wrong. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): ServiceOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '3000' },
      host: { type: 'string', default: '127.0.0.1' },
      token: { type: 'string' },
      'allow-host': { type: 'string', multiple: true, default: [] },
      model: { type: 'string', default: 'digits.model' },
      memory: { type: 'string', default: '128' },
      'request-timeout': { type: 'string', default: '10' },
      'log-level': { type: 'string', default: 'info' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const token = values.token ?? process.env.SERVICE_TOKEN ?? null;
  if (token !== null && token.length < 16) throw new Error('--token must have at least 16 characters');
  if (token === null && !isLoopback(values.host))
    throw new Error(`--host ${values.host} can be reached from other machines: give a --token as well`);
  return {
    host: values.host,
    port: integer('--port', values.port, 0, 65535),
    token,
    hosts: [values.host, ...values['allow-host']],
    modelFile: values.model,
    memory: integer('--memory', values.memory, 1, 1e6) * 2 ** 20,
    requestTimeout: integer('--request-timeout', values['request-timeout'], 1, 3600) * 1000,
    logLevel: values['log-level'],
  };
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new Error(`${name} must be an integer from ${least} to ${most}, got '${text}'`);
  return value;
}
