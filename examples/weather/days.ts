/** Four years of weather, a row a day, from vega-datasets; and what can be said of tomorrow without a model. */
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

/** The days of 2012 to 2015 in Seattle or New York. */
export function readDays(location = 'Seattle'): Day[] {
  const rows: Record<string, string>[] = parse(readText('weather.csv'), { columns: true });
  return rows
    .filter((row) => row.location === location)
    .map((row) => {
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

/** Numbers of about the size of 1; the season goes round. */
export function featuresOf({ high, low, rain, wind, dayOfYear }: Day): number[] {
  const angle = (2 * Math.PI * dayOfYear) / 365.25;
  return [(high - 16) / 10, (low - 8) / 10, Math.log1p(rain) - 1, (wind - 3) / 2, Math.sin(angle), Math.cos(angle)];
}
