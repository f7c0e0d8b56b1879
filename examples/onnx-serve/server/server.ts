/** A server that answers with an exported model. It needs onnxruntime and the file, and nothing of what has trained the model. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** More than any question of this service takes. */
const mostBytes = 1 << 20;

export interface ModelServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `POST /predict` with rows as JSON, `[[5.1, 3.5], ...]`, gives the outputs of the model for them.
 * @param port 0 for any that is free.
 */
export async function serveModel(path: string, port = 0): Promise<ModelServer> {
  const session = await InferenceSession.create(path);
  const server = createServer((request, response) => {
    answer(session, request).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: String(error) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: found } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${found}/predict`,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await session.release();
    },
  };
}

type Answer = [status: number, body: object];

async function answer(session: InferenceSession, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'POST' || request.url !== '/predict') return [404, { error: 'POST rows to /predict' }];
  const text = await readBody(request);
  if (text === null) return [413, { error: `at most ${mostBytes} bytes` }];
  const rows = readRows(text);
  if (rows === null) return [400, { error: 'expected rows of numbers, all of one length' }];
  const features = rows[0]!.length;
  const [input] = session.inputMetadata;
  const wanted = input?.isTensor ? input.shape.at(-1) : undefined;
  if (features !== wanted) return [400, { error: `expected rows of ${wanted} numbers, got ${features}` }];
  const tensor = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, features]);
  const results = await session.run({ [session.inputNames[0]!]: tensor });
  const { data, dims } = results[session.outputNames[0]!]!;
  const width = dims.at(-1)!;
  const numbers = Array.from(data as Float32Array);
  return [200, { outputs: rows.map((_, i) => numbers.slice(i * width, (i + 1) * width)) }];
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readRows(text: string): number[][] | null {
  try {
    const rows: unknown = JSON.parse(text);
    const isRow = (row: unknown): row is number[] =>
      Array.isArray(row) && row.length > 0 && row.every((value) => typeof value === 'number');
    if (!Array.isArray(rows) || rows.length === 0 || !rows.every(isRow)) return null;
    return rows.every((row) => row.length === rows[0]!.length) ? rows : null;
  } catch {
    return null;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
