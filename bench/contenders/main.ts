/** The process of a Node contender: `node --import tsx main.ts ID [BACKEND]`; without a backend on that of its id. */
import { starting, tfjsCpu, tfjsWasm } from './contenders.js';
import { serve } from './serve.js';

const [id = '', backend = id] = process.argv.slice(2);

async function load() {
  if (starting.includes(id)) return (await import('./start.js')).start(id);
  if (id !== tfjsCpu && id !== tfjsWasm) return (await import('./lanewise.js')).lanewise(id, backend);
  const { tfjs } = await import('./tfjs.js').catch((error: unknown) => {
    console.error(error);
    console.error('is not installed: npm ci --prefix bench');
    process.exit(1);
  });
  return tfjs(id === tfjsWasm ? 'wasm' : 'cpu');
}

await serve(await load());
