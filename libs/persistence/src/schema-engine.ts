import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import type { Pool } from 'pg';

interface EngineModule {
  readonly SchemaEngine: {
    new: (options: object, log: (line: string) => void, adapter: object) => Promise<SchemaEngine>;
  };
  __wbg_set_wasm(exports: object): void;
}

/** The two constructors used here; @types/node declares none, and the DOM's types are not for a server. */
interface WebAssemblyConstructors {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, object>,
  ) => { exports: { __wbindgen_start: () => void } };
}

/**
 * Prisma's own schema engine in its WebAssembly build: what `prisma migrate` runs natively, without a binary that has
 * to be downloaded. Rows in `_prisma_migrations` are the same, so either may continue the other's work.
 * @param pool to be ended by whoever made it: freeing the engine closes no connection, nor gives its lock back
 */
export async function openSchemaEngine(
  pool: Pool,
  schema: readonly [path: string, content: string],
): Promise<SchemaEngine> {
  const glue = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const engineModule = (await import(glue)) as EngineModule;
  // The package's entry imports the .wasm file as a module, which Node 20 cannot: so it is instantiated by hand.
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyConstructors })
    .WebAssembly;
  const wasm = new Module(readFileSync(glue.replace(/\.js$/, '.wasm')));
  const instance = new Instance(wasm, { './schema_engine_bg.js': engineModule });
  engineModule.__wbg_set_wasm(instance.exports);
  // Where the engine leaves its last words before it panics; without it the panic itself fails.
  (globalThis as { PRISMA_WASM_PANIC_REGISTRY?: object }).PRISMA_WASM_PANIC_REGISTRY = {
    set_message(message: string): never {
      throw new Error(message);
    },
  };
  instance.exports.__wbindgen_start();
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
  return engineModule.SchemaEngine.new({ datamodels: [schema] }, () => undefined, adapter);
}
