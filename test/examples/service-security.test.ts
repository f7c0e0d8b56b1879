/** The service example as a security reviewer tries it: names, headers, token, half-sent requests, the largest network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { heldOutDigits, ServiceProcess } from './service-process.js';

const token = 'a token of the test';
const folder = mkdtempSync(join(tmpdir(), 'lanewise-security-'));
let service: ServiceProcess;

beforeAll(async () => {
  ensureBuilt();
  const args = ['--token', token, '--allow-host', 'digits.test', '--request-timeout', '1', '--memory', '64'];
  service = await ServiceProcess.start(join(folder, 'digits.model'), args);
}, 600_000);
afterAll(async () => {
  await service?.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

const withToken = { authorization: `Bearer ${token}` };

/** The status that a request to another host name gets; fetch sends no other one. */
const statusAs = (host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`${service.url}/health`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

/** All that the server says to bytes that are sent, up to the end of the connection. */
const sayTo = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject).on('close', () => resolve(text));
    socket.write(bytes);
  });

describe('the service', () => {
  it('answers under its own names only', async () => {
    const { host } = new URL(service.url);
    for (const own of [host, 'localhost', 'digits.test:80', '192.0.2.1', '[::1]:3000'])
      expect([own, await statusAs(own)]).toEqual([own, 200]);
    for (const other of [
      'attacker.example',
      'attacker.example:3000',
      'localhost.attacker.example',
      '127.0.0.1.nip.test',
    ])
      expect([other, await statusAs(other)]).toEqual([other, 421]);
  });

  it('sends the headers that tell a browser what the page may do', async () => {
    for (const path of ['/', '/main.js', '/health', '/nothing']) {
      const { headers } = await fetch(service.url + path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'self';img-src 'self' data:;frame-ancestors 'none';base-uri 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it('asks for the token in front of what trains, predicts or tells of jobs', async () => {
    const protectedRoutes = [
      ['POST', '/train', { epochs: 1 }],
      ['POST', '/predict', { pixels: heldOutDigits()[0] }],
      ['GET', '/jobs/none', undefined],
      ['DELETE', '/jobs/none', undefined],
      ['GET', '/jobs/none/events', undefined],
    ] as const;
    for (const [method, path, body] of protectedRoutes) {
      expect([path, (await service.call(method, path, body)).status]).toEqual([path, 401]);
      const wrong = { authorization: `Bearer ${token}?` };
      expect([path, (await service.call(method, path, body, wrong)).status]).toEqual([path, 401]);
      const { status } = await service.call(method, path, body, withToken);
      expect([path, status < 300 || status === 404]).toEqual([path, true]);
    }
    expect((await service.call('GET', '/health')).status).toBe(200);
    expect((await fetch(service.url)).status).toBe(200);
  });

  it('ends a request that does not come in whole', async () => {
    const head = `POST /predict HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    const answers = await Promise.all([
      sayTo(`${head}content-length: 100\r\n\r\n{"pixels": [`),
      sayTo(head),
      sayTo(''.padEnd(20, 'G')),
    ]);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 (408|400) /);
  });

  it('trains the largest network that its memory allows without taking more, and answers meanwhile', async () => {
    await service.idle();
    const before = service.residentBytes;
    const large = { hidden: [800, 500], batchSize: 1024, epochs: 1000 };
    const { body: job } = await service.call<{ id: string }>('POST', '/train', large, withToken);
    const events = service.events(`/jobs/${job.id}/events`, undefined, withToken);
    for await (const { event } of events) if (event === 'epoch') break;
    const taken = service.residentBytes - before;
    const { status, body } = await service.call('DELETE', `/jobs/${job.id}`, undefined, withToken);
    expect([status, body.state]).toEqual([202, 'cancelling']);
    await service.idle();
    // The data set is there once more, where it is computed with (31 MiB); the rest is for the garbage collector's habits.
    expect(taken).toBeLessThan(2 * 64 * 2 ** 20 + 100 * 2 ** 20);
  });
});
