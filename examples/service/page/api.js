/** The server's answers. */

/** @throws Error with the server's own words when it refuses. */
async function request(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

export const health = () => request('GET', '/health');
export const startTraining = (options) => request('POST', '/train', options);
export const cancelJob = (id) => request('DELETE', `/jobs/${id}`);

/** @param pixels 784 numbers from 0 to 1. @returns the digit and the probability of each of the ten. */
export async function predict(pixels) {
  const { predictions } = await request('POST', '/predict', { pixels: [...pixels] });
  return predictions[0];
}

/**
 * Follows a job to its end; the browser reconnects by itself, and the server goes on where the connection broke.
 * @param listeners a function for each kind of event: progress, epoch, done, cancelled, failed.
 */
export function followJob(id, listeners) {
  const events = new EventSource(`/jobs/${id}/events`);
  for (const [name, listen] of Object.entries(listeners))
    events.addEventListener(name, ({ data }) => {
      if (name !== 'progress' && name !== 'epoch') events.close();
      listen(JSON.parse(data));
    });
}
