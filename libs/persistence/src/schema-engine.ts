import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import * as pg from 'pg';

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
 */
export async function openSchemaEngine(
  databaseUrl: string,
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
  instance.exports.__wbindgen_start();
  readSystemCharsAsText();
  const adapter = bindMigrationAwareSqlAdapterFactory(new MigrationAdapter(databaseUrl));
  return engineModule.SchemaEngine.new({ datamodels: [schema] }, () => undefined, adapter);
}

/** adapter-pg 7.10.1 ignores `database` beside `connectionString` here, and would run the shadow migrations in the real database. */
class MigrationAdapter extends PrismaPg {
  constructor(private readonly databaseUrl: string) {
    super({ connectionString: databaseUrl });
  }

  override async connectToShadowDb(): ReturnType<PrismaPg['connectToShadowDb']> {
    const name = `prisma_shadow_${randomUUID().replaceAll('-', '')}`;
    const admin = new pg.Client({ connectionString: this.databaseUrl });
    await admin.connect();
    await admin.query(`CREATE DATABASE "${name}"`);
    const url = new URL(this.databaseUrl);
    url.pathname = `/${name}`;
    const connection = await new PrismaPg({ connectionString: url.href }).connect();
    const dispose = connection.dispose.bind(connection);
    connection.dispose = async () => {
      await dispose();
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    };
    return connection;
  }
}

/** Introspection reads columns of Postgres' one-byte type "char" (18), which adapter-pg cannot: read them as text (1042). */
function readSystemCharsAsText(): void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an internal file of pg, without types
  const { prototype } = require('pg/lib/result') as {
    prototype: { addFields(fields: { dataTypeID: number }[]): void; patched?: true };
  };
  if (prototype.patched) return;
  prototype.patched = true;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const addFields = prototype.addFields;
  prototype.addFields = function (fields) {
    for (const field of fields) if (field.dataTypeID === 18) field.dataTypeID = 1042;
    addFields.call(this, fields);
  };
}
