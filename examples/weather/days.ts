/** Four years of weather in Seattle, a row a day, from vega-datasets; and what can be said of tomorrow without a model. */
import { parse } from 'csv-parse/sync';
import { readText } from '../tables/table.js';

export interface Day {
  readonly date: Date;
  readonly year: number;
  /** From 0 to 365. */
  readonly dayOfYear: number;
  /** Highest and lowest temperature, degrees Celsius. */
  readonly high: number;
  readonly low: number;
  /** Millimetres. */
  readonly rain: number;
  /** Metres a second. */
  readonly wind: number;
}

export function readDays(): Day[] {
  const rows: Record<string, string>[] = parse(readText('seattle-weather.csv'), { columns: true });
  return rows.map((row) => {
    const date = new Date(`${row.date}T00:00:00Z`);
    const year = date.getUTCFullYear();
    return {
      ...{ date, year, dayOfYear: Math.round((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) },
      ...{
        high: Number(row.temp_max),
        low: Number(row.temp_min),
        rain: Number(row.precipitation),
        wind: Number(row.wind),
      },
    };
  });
}

/** The mean of the highest temperature around each day of the year, over the given days: seven to both sides. */
export function seasonalMeans(days: readonly Day[]): number[] {
  return Array.from({ length: 366 }, (_, day) => {
    const near = days.filter(({ dayOfYear }) => {
      const distance = Math.abs(dayOfYear - day);
      return Math.min(distance, 366 - distance) <= 7;
    });
    return near.reduce((sum, { high }) => sum + high, 0) / near.length;
  });
}
