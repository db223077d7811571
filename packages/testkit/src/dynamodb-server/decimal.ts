/**
 * DynamoDB numbers: decimals of up to 38 digits, exact, in text form.
 *
 *     -12.5  =  negative, digits "125", exponent 2       value = 0.DIGITS × 10^exponent
 *
 * Invariants:
 * - Digits have no zeros at either end; zero has no digits. So equal numbers are equal as parts and as text.
 */
import { validationError } from './service-error.ts';

/** A decimal in its only form. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const DIGITS_MAX = 38;
const EXPONENT_MAX = 126; // The largest number is 9.99…e125.
const EXPONENT_MIN = -129; // The smallest is 1e-130.
const EXPONENT_BIAS = 0x100; // Makes every exponent a character code.
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * Returns the number that `text` writes.
 *
 * @throws {ServiceError} `ValidationException` if it writes none, or one that needs more digits or a wider range.
 */
export function parseDecimal(text: string): Decimal {
  const [, sign, whole = '', fraction = '', power = '0'] = PATTERN.exec(text) ?? [];
  if (sign === undefined || whole + fraction === '') {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  return decimal(sign === '-', whole + fraction, whole.length + Number(power));
}

/** Returns the plain text of a number, without an exponent, as DynamoDB gives it. */
export function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return sign + digits.padEnd(exponent, '0');
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/**
 * Returns the sum of two numbers.
 *
 * @throws {ServiceError} `ValidationException` if it needs more than 38 digits.
 */
export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.digits.length - left.exponent, right.digits.length - right.exponent, 0);
  const sum = scaled(left, scale) + scaled(right, scale);
  const negative = sum < 0n;
  const digits = String(negative ? -sum : sum);
  return decimal(negative, digits, digits.length - scale);
}

/** Returns the number with the other sign. */
export function negateDecimal(value: Decimal): Decimal {
  return { ...value, negative: value.digits !== '' && !value.negative };
}

/** Returns a string whose order by UTF-16 units is the order of the numbers. */
export function decimalOrderKey({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '\x80';
  if (!negative) return `\x81${String.fromCharCode(EXPONENT_BIAS + exponent)}${digits}`;
  const complement = Array.from(digits, (digit) => 9 - Number(digit)).join('');
  return `\x7f${String.fromCharCode(EXPONENT_BIAS - exponent)}${complement}\xff`;
}

/** Returns how many bytes a number counts for in the size of an item. */
export function decimalBytes({ negative, digits }: Decimal): number {
  return Math.ceil(digits.length / 2) + 1 + (negative ? 1 : 0);
}

function scaled({ negative, digits, exponent }: Decimal, scale: number): bigint {
  const magnitude = BigInt(digits === '' ? '0' : digits) * 10n ** BigInt(scale + exponent - digits.length);
  return negative ? -magnitude : magnitude;
}

function decimal(negative: boolean, rawDigits: string, rawExponent: number): Decimal {
  const trimmed = rawDigits.replace(/^0+/, '');
  const digits = trimmed.replace(/0+$/, '');
  if (digits === '') return { negative: false, digits, exponent: 0 };
  const exponent = rawExponent - (rawDigits.length - trimmed.length);
  if (digits.length > DIGITS_MAX) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
  if (exponent > EXPONENT_MAX) {
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  if (exponent < EXPONENT_MIN) {
    throw validationError(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  }
  return { negative, digits, exponent };
}
