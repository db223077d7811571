import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimals,
  decimalOrderKey,
  formatDecimal,
  negateDecimal,
  parseDecimal,
} from '../../src/dynamodb-server/decimal.ts';

const numbers = fc
  .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.integer({ min: -12, max: 12 }))
  .map(([digits, power]) => `${digits}e${power}`);

describe('a DynamoDB number', () => {
  it('has one plain text', () => {
    const texts = ['0', '-0.0', '007.50', '+1e3', '1E-3', '.5', '5.', '-12.5e1', '1e-130', '9e125'];
    expect(texts.map((text) => formatDecimal(parseDecimal(text)))).toEqual([
      '0',
      '0',
      '7.5',
      '1000',
      '0.001',
      '0.5',
      '5',
      '-125',
      `0.${'0'.repeat(129)}1`,
      `9${'0'.repeat(125)}`,
    ]);
  });

  it('is refused beyond 38 digits or the range, or when it is none', () => {
    expect(formatDecimal(parseDecimal('1'.repeat(38)))).toBe('1'.repeat(38));
    for (const text of ['1'.repeat(39), '1e126', '1e-131', '', '.', 'abc', '1e', 'NaN', '0x1', '1 2']) {
      expect(() => parseDecimal(text), text).toThrow();
    }
  });

  it('orders and adds like exact arithmetic', () => {
    fc.assert(
      fc.property(numbers, numbers, (leftText, rightText) => {
        const [left, right] = [parseDecimal(leftText), parseDecimal(rightText)];
        const exact = scaled(leftText) - scaled(rightText);
        const [leftKey, rightKey] = [decimalOrderKey(left), decimalOrderKey(right)];
        expect(Math.sign(Number(leftKey > rightKey) - Number(leftKey < rightKey))).toBe(
          Number(exact > 0n) - Number(exact < 0n),
        );
        expect(scaled(formatDecimal(addDecimals(left, negateDecimal(right))))).toBe(exact);
      }),
    );
  });
});

/** Returns the number times 10^40, exactly. */
function scaled(text: string): bigint {
  const [mantissa = '', power = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(40 + Number(power) - fraction.length);
}
