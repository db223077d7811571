/**
 * The `#name` and `:value` placeholders of a request.
 *
 * Invariants:
 * - A request succeeds only if it uses every placeholder that it defines.
 */
import { type AttributeValue, checkValue } from '../attribute-value.ts';
import type { JsonObject } from '../request.ts';
import { validationError } from '../service-error.ts';

/** Resolves placeholders and remembers which were used. */
export interface Placeholders {
  /** Returns the attribute that `#placeholder` stands for. */
  name(placeholder: string, source: string): string;
  /** Returns the value that `:placeholder` stands for. */
  value(placeholder: string, source: string): AttributeValue;
  /**
   * Checks that nothing is left over.
   *
   * @throws {ServiceError} `ValidationException` naming the unused placeholders.
   */
  checkAllUsed(): void;
}

/** Returns the placeholders that a request defines. */
export function placeholders(names: JsonObject | undefined, values: JsonObject | undefined): Placeholders {
  const unusedNames = new Set(Object.keys(names ?? {}));
  const unusedValues = new Set(Object.keys(values ?? {}));
  return {
    name(placeholder, source) {
      const name = names?.[placeholder];
      if (typeof name !== 'string') {
        throw validationError(
          `Invalid ${source}: An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
        );
      }
      unusedNames.delete(placeholder);
      return name;
    },
    value(placeholder, source) {
      const value = values?.[placeholder];
      if (value === undefined) {
        throw validationError(
          `Invalid ${source}: An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
        );
      }
      unusedValues.delete(placeholder);
      return checkValue(value);
    },
    checkAllUsed() {
      checkEmpty('ExpressionAttributeNames', unusedNames);
      checkEmpty('ExpressionAttributeValues', unusedValues);
    },
  };
}

function checkEmpty(parameter: string, unused: ReadonlySet<string>): void {
  if (unused.size === 0) return;
  throw validationError(
    `Value provided in ${parameter} unused in expressions: keys: {${[...unused].join(', ')}}`,
  );
}
