/** The server's answers. */

/** Sends a request with the token, if the server wants one. @throws Error with the server's own words when it refuses. */
async function send(method, path, { body, headers } = {}) {
  const token = sessionStorage.getItem('token');
  const response = await fetch(path, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  if (response.status === 401) {
    const given = prompt('The token of this server:');
    if (given) {
      sessionStorage.setItem('token', given);
      return send(method, path, { body, headers });
    }
  }
  if (!response.ok) throw new Error((await response.json()).message);
  return response;
}

const request = async (method, path, body) => (await send(method, path, { body })).json();

export const health = () => request('GET', '/health');
export const startTraining = (options) => request('POST', '/train', options);
export const cancelJob = (id) => request('DELETE', `/jobs/${id}`);

/** @param pixels 784 numbers from 0 to 1. @returns the digit and the probability of each of the ten. */
export async function predict(pixels) {
  const { predictions } = await request('POST', '/predict', { pixels: [...pixels] });
  return predictions[0];
}

/**
 * Follows a job to its end. After a connection that broke, the server goes on where it broke. (An EventSource cannot send a token.)
 * @param listeners a function for each kind of event: progress, epoch, done, cancelled, failed.
 */
export async function followJob(id, listeners) {
  let last = '';
  for (let ended = false; !ended; ) {
    try {
      for await (const { event, id: number, data } of events(`/jobs/${id}/events`, last)) {
        last = number ?? last;
        ended = event !== 'progress' && event !== 'epoch';
        listeners[event]?.(JSON.parse(data));
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch: no connection
    }
    if (!ended) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function* events(path, last) {
  const headers = { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) };
  const { body } = await send('GET', path, { headers });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (text + part.value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => line.split(/: (.*)/s, 2));
      if (fields[0][0] !== '') yield Object.fromEntries(fields);
    }
  }
}
