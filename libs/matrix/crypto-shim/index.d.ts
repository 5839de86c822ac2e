/** Nothing of it is usable: see index.js. */
declare const shim: Record<string, never>;
export = shim;
