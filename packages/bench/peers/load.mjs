/** Imports a peer from here, where `pnpm bench:install` put it: the workspace does not have it. */
export const load = (name) => import(name);
