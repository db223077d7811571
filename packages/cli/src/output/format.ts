/** Numbers, sizes, durations and moments as people read them. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const MICROS_PER_MS = 1000;
/** The last millisecond that a `Date` can hold. */
const DATE_MS_MAX = 8_640_000_000_000_000;

/** Returns `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Returns a size with a binary unit: `812 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Returns a duration: `8 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Returns how long a call took, with three digits: `850 ns`, `12.4 µs`, `3.21 ms`, `1.20 s`. */
export function formatLatency(ms: number): string {
  const units = [
    { unit: 's', inMs: 1000 },
    { unit: 'ms', inMs: 1 },
    { unit: 'µs', inMs: 1e-3 },
  ];
  const { unit, inMs } = units.find((one) => ms >= one.inMs) ?? { unit: 'ns', inMs: 1e-6 };
  const value = ms / inMs;
  return `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

/** Returns dollars with the digits that small bills need: `$0.1234`. */
export function formatDollars(dollars: number): string {
  return `$${dollars.toFixed(dollars >= 100 ? 2 : 4)}`;
}

/** Returns a share of a whole: `42.0 %`. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

/**
 * Returns a timestamp in microseconds as an ISO date with its six decimals, which commands take back as it is; the
 * number itself where no date can hold it.
 */
export function formatMoment(timestamp: number): string {
  const ms = Math.floor(timestamp / MICROS_PER_MS);
  if (ms > DATE_MS_MAX) return String(timestamp);
  const micros = String(timestamp - ms * MICROS_PER_MS).padStart(3, '0');
  return new Date(ms).toISOString().replace('Z', `${micros}Z`);
}

/** Returns the day of a timestamp: `2001-03-01`. */
export function formatDay(timestamp: number): string {
  return new Date(Math.floor(timestamp / MICROS_PER_MS)).toISOString().slice(0, 10);
}
