/** Finding a merge operator by what a store remembers of it. */
import { ClorthoError } from '@clortho/base';
import { loadExport, type ModuleReference } from '../module/load-export.ts';
import { builtInOperators } from './built-in-operators.ts';
import type { MergeOperator } from './merge-operator.ts';

/**
 * How an operator is named: the name of a built-in one, an export of a module (loaded in worker threads too), or
 * the operator itself, which runs only on the thread that holds it. A module may export the operator or its bare
 * `merge` function.
 */
export type OperatorReference = string | ModuleReference | MergeOperator;

/**
 * Returns the operator behind `reference`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if no built-in has that name, the module or export cannot be loaded, or
 *   it is an operator of another name or version.
 */
export async function loadOperator(reference: OperatorReference): Promise<MergeOperator> {
  if (typeof reference === 'string') {
    const operator = builtInOperators.get(reference);
    if (operator !== undefined) return operator;
    throw new ClorthoError('CLORTHO_INVALID', `no built-in merge operator has this name: name=${reference}`);
  }
  if ('merge' in reference) return reference;
  const { name, version } = reference;
  const exported = await loadExport(reference);
  if (typeof exported === 'function') {
    return { name, version, merge: exported as MergeOperator['merge'] };
  }
  if (isOperator(exported) && exported.name === name && exported.version === version) return exported;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `the export is not this merge operator: name=${name} version=${version} module=${reference.module}`,
  );
}

function isOperator(value: unknown): value is MergeOperator {
  return typeof value === 'object' && value !== null && 'merge' in value && typeof value.merge === 'function';
}
