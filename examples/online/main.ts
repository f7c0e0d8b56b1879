/**
 * A model that keeps learning while it answers: `npm run build && npx tsx examples/online/main.ts`. It learns the weather of Seattle in 2012 and 2013. Then days
 * come one by one: two more years of Seattle, and, as if the station had moved, four years of New York. Each day is told beforehand, measured, and then learnt from.
 * Next to it the same model does not go on learning. `GET /forecast` and `GET /errors` answer all the time; `--pace 20` gives 20 ms to each day.
 */
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { data, fit, manualSeed, nn, optim, tensor } from 'lanewise';
import { runMain } from '../interrupt.js';
import { featuresOf, readDays } from '../weather/days.js';
import { forecast, Learner, makeModel, outputOf } from './learner.js';
import { buildServer } from './server.js';

const { values } = parseArgs({
  options: { pace: { type: 'string', default: '0' }, port: { type: 'string', default: '0' } },
});

await runMain(async (signal) => {
  manualSeed(0);
  const [seattle, newYork] = [readDays('Seattle'), readDays('New York')];
  const start = seattle.findIndex(({ year }) => year === 2014) - 1;

  const model = makeModel();
  await fit(model, {
    train: new data.TensorDataset(
      tensor(seattle.slice(0, start).map(featuresOf)),
      tensor(seattle.slice(1, start + 1).map(({ high }) => [outputOf(high)])),
    ),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
    loss: new nn.L1Loss(),
    epochs: 60,
    signal,
  });
  const frozen = model.clone();
  const learner = new Learner(model);

  const errors: { place: string; year: number; online: number; frozen: number }[] = [];
  const meanOf = (rows: readonly { online: number; frozen: number }[], which: 'online' | 'frozen'): number =>
    rows.reduce((sum, row) => sum + row[which], 0) / rows.length;
  let [place, today] = ['Seattle', seattle[start]!];
  const lastYear = () => errors.slice(-365);
  const server = buildServer(learner, () => ({
    ...{ place, today, online: meanOf(lastYear(), 'online'), frozen: meanOf(lastYear(), 'frozen') },
  }));
  console.log(`listening on ${await server.listen({ port: Number(values.port), host: '127.0.0.1' })}`);
  try {
    for (const [name, days] of [
      ['Seattle', seattle.slice(start)],
      ['New York', newYork],
    ] as const) {
      for (const [i, tomorrow] of days.entries()) {
        if (i > 0) {
          const [told, frozenTold] = await Promise.all([forecast(model, today), forecast(frozen, today)]);
          errors.push({
            ...{ place, year: tomorrow.year },
            ...{ online: Math.abs(told - tomorrow.high), frozen: Math.abs(frozenTold - tomorrow.high) },
          });
          await learner.learn(today, tomorrow.high);
        }
        [place, today] = [name, tomorrow];
        signal.throwIfAborted();
        // Requests have their turn between two days.
        await (Number(values.pace) > 0 ? sleep(Number(values.pace)) : turnOfTheLoop());
        if (days[i + 1]?.year !== tomorrow.year) {
          const year = errors.filter((row) => row.place === name && row.year === tomorrow.year);
          if (year.length === 0) continue;
          console.log(
            `${name} ${tomorrow.year}: off by ${meanOf(year, 'online').toFixed(2)} °C, frozen ${meanOf(year, 'frozen').toFixed(2)}`,
          );
        }
      }
    }
    const drifted = errors.filter((row) => row.place === 'New York');
    console.log(
      `after the move: mean absolute error ${meanOf(drifted, 'online').toFixed(2)}, frozen ${meanOf(drifted, 'frozen').toFixed(2)}`,
    );
  } finally {
    await server.close();
  }
});
