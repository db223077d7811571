/** The parts of untyped dependencies that are used here. */

declare module 'asciichart' {
  /** How a plot is drawn. */
  interface PlotOptions {
    /** The number of lines. */
    readonly height?: number;
    /** The label of a line. */
    readonly format?: (value: number, line: number) => string;
  }
  /** Returns the lines of a plot, one column per value. */
  export function plot(series: readonly number[], options?: PlotOptions): string;
}

declare module 'cli-progress' {
  /** How a bar is drawn. */
  interface BarOptions {
    readonly format: string;
    readonly stream?: NodeJS.WritableStream;
    readonly hideCursor?: boolean;
    readonly clearOnComplete?: boolean;
    readonly barsize?: number;
    readonly barCompleteChar?: string;
    readonly barIncompleteChar?: string;
    readonly etaBuffer?: number;
    readonly fps?: number;
  }
  /** A bar on one line that is redrawn. */
  export class SingleBar {
    constructor(options: BarOptions);
    start(total: number, value: number, payload?: Readonly<Record<string, string>>): void;
    update(value: number, payload?: Readonly<Record<string, string>>): void;
    stop(): void;
  }
}
