/** The columns of integers that a data block begins with, after the number of its rows; block-builder.ts draws them. */

/** Their names, in the order of the format; the key column and the values follow. */
export const INTEGER_COLUMNS = ['timestamps', 'ends', 'kinds', 'valueLengths'] as const;
