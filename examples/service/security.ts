/** What stands in front of the routes: headers, the names under which the server answers, the token. */
import { isIP } from 'node:net';
import bearerAuth from '@fastify/bearer-auth';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** Routes that give nothing away and change nothing: the page has to be there to ask for the token. */
const open = new Set(['/health', '/chart.js', '/*', '/']);

export interface SecurityOptions {
  /** Asked for in front of every route that trains, predicts or tells of jobs; null: none. */
  readonly token: string | null;
  /** Host names under which the server answers, in addition to addresses and `localhost`. */
  readonly hosts: readonly string[];
}

/** Whether only this machine can reach a server that listens there. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

export async function secure(server: FastifyInstance, { token, hosts }: SecurityOptions): Promise<void> {
  await server.register(helmet, {
    // The page has no inline script or style. It is served without TLS, so nothing is to be upgraded.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  });
  server.addHook('onRequest', async (request, reply) => {
    if (!isAllowed(request.hostname, hosts))
      return reply.code(421).send(new Error(`this server does not answer as '${request.hostname}'`));
  });
  if (token === null) return;
  await server.register(bearerAuth, { keys: new Set([token]), addHook: false });
  server.addHook('onRequest', (request, reply, done) => {
    if (open.has(request.routeOptions.url ?? '')) done();
    else server.verifyBearerAuth!(request, reply, done);
  });
}

/**
 * Whether a host name of a request is one of this server. A page of another site can make its own name stand for this machine's address
 * (DNS rebinding), and would then be of the same origin; an address cannot be made to.
 */
function isAllowed(hostname: string, hosts: readonly string[]): boolean {
  const name = hostname.replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || name === 'localhost' || hosts.includes(name);
}
