/** What a family may tune, and the defaults. */

/** Options of the strategies for `kv` families. */
export interface KvOptions {
  /** So many delta runs are left as they are; of more, the newest are merged with each other. */
  readonly deltaRuns: number;
  /** More delta runs than this go into base, whatever their size: merges within delta do not keep up. */
  readonly deltaRunsMax: number;
  /** Delta goes into base when it reaches this fraction of the Current files it overlaps, … */
  readonly baseFraction: number;
  /** … and at least this size. */
  readonly baseBytesMin: number;
  /** Where nothing was committed for a while, delta goes into base when it reaches this fraction of it. */
  readonly restFraction: number;
  /** The while is as long as the merge would take at this rate, and at least a second. */
  readonly restBytesPerSecond: number;
  /** The least width of a History window. */
  readonly windowMicros: number;
  /** Merges within delta and within History take about this much. Infinite by default. */
  readonly inputBytesMax: number;
  /** Merges into base take about this much; a larger one is cut in keys (see `MergePlan.range`). */
  readonly partBytesMax: number;
  /** The family's time to live: files of expired rows are dropped whole. */
  readonly ttlMicros: number | undefined;
  /** So many of the newest versions of every key are kept, however old they are; 0 by default. */
  readonly versions: number;
  /** Rows of Current below the horizon lose their timestamps: they get one that they share. Not by default. */
  readonly forgetTimestamps: boolean;
  /** Files of at least this size move to Current without a merge where nothing else has their keys. */
  readonly moveBytesMin: number;
}

const HOUR_MICROS = 3_600_000_000;

/** The defaults of {@link KvOptions}. */
export const KV_DEFAULTS: KvOptions = {
  deltaRuns: 6,
  deltaRunsMax: 32,
  baseFraction: 0.5,
  baseBytesMin: 8 * 1024 * 1024,
  restFraction: 1 / 16,
  restBytesPerSecond: 32 * 1024 * 1024,
  windowMicros: HOUR_MICROS,
  inputBytesMax: Number.POSITIVE_INFINITY,
  partBytesMax: 256 * 1024 * 1024,
  ttlMicros: undefined,
  versions: 0,
  forgetTimestamps: false,
  moveBytesMin: 8 * 1024 * 1024,
};

/** Options of the strategy for `log` families. */
export interface LogOptions {
  /** The width of an arrival window. */
  readonly windowMicros: number;
  /** So many runs straight from commits are concatenated before their window closes. */
  readonly levelZeroRuns: number;
  /** A file goes when its newest row is older than this, counted from the last commit. */
  readonly retentionMicros: number;
  /** The oldest runs go while the family is larger. */
  readonly bytesMax: number;
  /** A concatenation takes about this much. */
  readonly inputBytesMax: number;
}

/** The defaults of {@link LogOptions}: windows of an hour, kept for ever. */
export const LOG_DEFAULTS: LogOptions = {
  windowMicros: HOUR_MICROS,
  levelZeroRuns: 16,
  retentionMicros: Number.POSITIVE_INFINITY,
  bytesMax: Number.POSITIVE_INFINITY,
  inputBytesMax: 1024 * 1024 * 1024,
};
