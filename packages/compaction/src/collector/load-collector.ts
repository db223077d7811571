/** Finding a statistics collector by what a store remembers of it. */
import { ClorthoError } from '@clortho/base';
import { bloom, type CollectorDefinition, minMax, type NumberType } from '@clortho/sst';
import { loadExport, type ModuleReference } from '../module/load-export.ts';

/**
 * How a collector is named: a ready-made one on a fixed part of the value, an export of a module (loaded in worker
 * threads too), or the definition itself, which runs only on the thread that holds it.
 */
export type CollectorReference =
  | {
      readonly type: 'minMax';
      readonly name: string;
      readonly column: { readonly type: NumberType; readonly offset: number };
    }
  | {
      readonly type: 'bloom';
      readonly name: string;
      readonly column: { readonly type: 'bytes'; readonly offset: number; readonly length: number };
    }
  | ModuleReference
  | CollectorDefinition;

/**
 * Returns the collector behind `reference`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the module or export cannot be loaded, or it is a collector of another
 *   name or version, or the column is not one.
 */
export async function loadCollector(reference: CollectorReference): Promise<CollectorDefinition> {
  if ('create' in reference) return reference;
  if (!('module' in reference)) {
    const { type, name } = reference;
    return type === 'minMax' ? minMax(name, reference.column) : bloom(name, reference.column);
  }
  const { name, version, module } = reference;
  const exported = await loadExport(reference);
  if (isCollector(exported) && exported.name === name && exported.version === version) return exported;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `the export is not this collector: name=${name} version=${version} module=${module}`,
  );
}

function isCollector(value: unknown): value is CollectorDefinition {
  return (
    typeof value === 'object' && value !== null && 'create' in value && typeof value.create === 'function'
  );
}
