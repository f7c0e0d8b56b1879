/**
 * A GRU learns the weather of Seattle: `npm run build && npx tsx examples/weather/main.ts`. It reads two weeks and tells the highest temperature of the next
 * three days. It learns from 2012 and 2013, 2014 says when to stop, 2015 is what it is measured by, next to two forecasts without a model: as today, and as usual
 * at this time of the year.
 */
import { data, EarlyStopping, fit, manualSeed, nn, optim, predict } from 'lanewise';
import { runMain } from '../interrupt.js';
import { type Day, readDays, seasonalMeans } from './days.js';
import { daysRead, daysTold, Forecaster, samplesOf } from './forecaster.js';

await runMain(async (signal) => {
  manualSeed(0);
  const days = readDays();
  // The last day of what is read lies in the year, and so do the days that are told.
  const samplesIn = (first: number, last: number) => {
    const begin = Math.max(
      daysRead - 1,
      days.findIndex(({ year }) => year === first),
    );
    return { begin, end: days.findLastIndex(({ year }) => year === last) + 1 - daysTold };
  };
  const [learnt, watched, held] = [samplesIn(2012, 2013), samplesIn(2014, 2014), samplesIn(2015, 2015)];
  const model = new Forecaster();
  console.log(String(model));
  await fit(model, {
    train: new data.TensorDataset(...samplesOf(days, learnt.begin, learnt.end)),
    validation: samplesOf(days, watched.begin, watched.end),
    optimizer: new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.01 }),
    loss: new nn.L1Loss(),
    epochs: 100,
    callbacks: [new EarlyStopping({ patience: 10, restoreBest: true })],
    signal,
    onEpoch: ({ epoch, loss, validation }) => {
      if (epoch % 10 === 0)
        console.log(
          `epoch ${epoch}: off by ${(10 * loss).toFixed(2)} °C, in 2014 by ${(10 * validation!.loss).toFixed(2)}`,
        );
    },
  });
  const [inputs] = samplesOf(days, held.begin, held.end);
  const told = (await predict(model, inputs)).toArray() as number[][];
  const usual = seasonalMeans(days.filter(({ year }) => year < 2015));

  /** The mean absolute error of a forecast in degrees, for each day ahead. */
  const errors = (forecast: (today: Day, ahead: number, sample: number) => number): number[] =>
    Array.from({ length: daysTold }, (_, i) => {
      const off = told.map((_, sample) => {
        const today = held.begin + sample;
        return Math.abs(forecast(days[today]!, i + 1, sample) - days[today + i + 1]!.high);
      });
      return mean(off);
    });
  const results = {
    GRU: errors(({ high }, ahead, sample) => high + 10 * told[sample]![ahead - 1]!),
    'as today': errors(({ high }) => high),
    'as usual': errors(({ dayOfYear }, ahead) => usual[(dayOfYear + ahead) % 366]!),
  };
  for (const [name, off] of Object.entries(results))
    console.log(
      `${name.padEnd(8)} is off by ${off.map((each) => each.toFixed(2)).join(', ')} °C one, two, three days ahead`,
    );
  const [gru, today, season] = Object.values(results).map((off) => mean(off).toFixed(3));
  console.log(`2015: mean absolute error ${gru}, as today ${today}, as usual ${season}`);
});

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
