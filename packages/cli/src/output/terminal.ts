/** Where a command writes to: results on standard output, everything about the run on standard error. */

/** The two streams and what they can show. */
export interface Terminal {
  /** Writes one line of a result. */
  line(text?: string): void;
  /** Writes a result as it is and waits until the stream takes more: for results of any length. */
  write(text: string): Promise<void>;
  /** Writes one line about the run, on the error stream. */
  error(text: string): void;
  /** Whether the error stream redraws lines: progress bars make sense. */
  readonly isInteractive: boolean;
  /** Whether results may have colours. */
  readonly hasColour: boolean;
  /** The width of a line in characters. */
  readonly columns: number;
}

/** Returns `text` in bold where the terminal has it. */
export function bold(terminal: Terminal, text: string): string {
  return terminal.hasColour ? `\u001b[1m${text}\u001b[22m` : text;
}
