/** Finding a row filter by what a store remembers of it. */
import { ClorthoError } from '@clortho/base';
import { loadExport, type ModuleReference } from '../module/load-export.ts';
import type { RowFilter } from './row-filter.ts';

/**
 * How a filter is named: an export of a module (loaded in worker threads too), or the filter itself, which runs only on
 * the thread that holds it. A module may export the filter or its bare `keep` function.
 */
export type FilterReference = ModuleReference | RowFilter;

/**
 * Returns the filter behind `reference`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the module or export cannot be loaded, or it is a filter of another name
 *   or version.
 */
export async function loadFilter(reference: FilterReference): Promise<RowFilter> {
  if ('keep' in reference) return reference;
  const { name, version, module } = reference;
  const exported = await loadExport(reference);
  if (typeof exported === 'function') return { name, version, keep: exported as RowFilter['keep'] };
  if (isFilter(exported) && exported.name === name && exported.version === version) return exported;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `the export is not this row filter: name=${name} version=${version} module=${module}`,
  );
}

function isFilter(value: unknown): value is RowFilter {
  return typeof value === 'object' && value !== null && 'keep' in value && typeof value.keep === 'function';
}
