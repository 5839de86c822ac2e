import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { projectRoot } from '../../deploy/local/src/project-root';
import type { DatabaseShape } from './database-shape';

type Row = Readonly<Record<string, unknown>>;

interface Queries {
  create(query: { data: Row }): Promise<Row>;
  findMany(query: { where: Row }): Promise<Row[]>;
  updateMany(query: { where: Row; data: Row }): Promise<{ count: number }>;
  deleteMany(query: { where: Row }): Promise<{ count: number }>;
}

/** As much as is used here of what Prisma generates. */
interface Generated {
  readonly PrismaClient: new (options: { adapter: PrismaPg }) => Record<string, Queries> & {
    $disconnect(): Promise<void>;
  };
  readonly Prisma: {
    readonly dmmf: { readonly datamodel: { readonly models: readonly Model[] } };
  };
}

interface Model {
  readonly name: string;
  /** Its table. */
  readonly dbName: string;
  readonly fields: readonly { readonly name: string; readonly dbName?: string; readonly kind: string }[];
}

/** One of each type of column that the schema has. Words are the row's name, also where they refer to another row. */
const valueOf: Readonly<Record<string, (name: string) => unknown>> = {
  text: (name) => name,
  _text: (name) => [name],
  bool: () => true,
  int4: (name) => name.length,
  // A number of its own for each name: it may be a key.
  int8: (name) => BigInt(`0x${Buffer.from(name).subarray(0, 7).toString('hex')}`),
  _int8: (name) => [BigInt(name.length)],
  timestamptz: () => new Date('2026-03-10T12:00:00.123Z'),
  _timestamptz: () => [new Date('2026-03-10T12:00:00.123Z')],
  jsonb: (name) => ({ name }),
  bytea: (name) => new Uint8Array(Buffer.from(name)),
};

/** The database client of a schema, for a whole row of every model in it. */
export class SchemaClient {
  private constructor(
    private readonly directory: string,
    private readonly client: InstanceType<Generated['PrismaClient']>,
    /** Those whose rows refer to others' come last. */
    private readonly models: readonly Model[],
    private readonly shape: DatabaseShape,
  ) {}

  /**
   * Generates the client, which takes some seconds.
   * @param shape of a database that has this schema
   */
  static async open(schema: string, databaseUrl: string, shape: DatabaseShape): Promise<SchemaClient> {
    const directory = await mkdtemp(join(await cache(), 'schema-client-'));
    const { PrismaClient, Prisma } = await generate(schema, directory);
    const refers = ({ dbName }: Model): boolean =>
      shape.constraints.some(({ table, definition }) => table === dbName && definition.startsWith('FOREIGN'));
    const models = [...Prisma.dmmf.datamodel.models].sort((one, other) => +refers(one) - +refers(other));
    const adapter = new PrismaPg({ connectionString: databaseUrl });
    return new SchemaClient(directory, new PrismaClient({ adapter }), models, shape);
  }

  /** Writes a row of every model, with every column. */
  async write(name: string): Promise<void> {
    for (const model of this.models) await this.queries(model).create({ data: this.row(model, name) });
  }

  /** The rows of a name, by model. */
  async read(name: string): Promise<Record<string, Row[]>> {
    const rows = this.models.map(async (model) => {
      const found = await this.queries(model).findMany({ where: this.called(model, name) });
      return [model.name, found] as const;
    });
    return Object.fromEntries(await Promise.all(rows));
  }

  /** The rows that `write` writes, by model. */
  written(name: string): Record<string, Row[]> {
    return Object.fromEntries(this.models.map((model) => [model.name, [this.row(model, name)]]));
  }

  /** Writes the rows of a name once more, as they are. @returns in how many models there was one */
  async writeAgain(name: string): Promise<number> {
    let count = 0;
    for (const model of this.models) {
      const query = { where: this.called(model, name), data: this.row(model, name) };
      count += (await this.queries(model).updateMany(query)).count;
    }
    return count;
  }

  /** @returns in how many models there was a row of that name */
  async remove(name: string): Promise<number> {
    let count = 0;
    for (const model of [...this.models].reverse())
      count += (await this.queries(model).deleteMany({ where: this.called(model, name) })).count;
    return count;
  }

  async close(): Promise<void> {
    await this.client.$disconnect();
    await rm(this.directory, { recursive: true });
  }

  private queries({ name }: Model): Queries {
    return this.client[name.charAt(0).toLowerCase() + name.slice(1)]!;
  }

  private row(model: Model, name: string): Row {
    const fields = this.columns(model).map(({ field, type }) => {
      const value = valueOf[type];
      if (!value) throw new Error(`No value is known for the type ${type} of ${model.name}.${field}`);
      return [field, value(name)] as const;
    });
    return Object.fromEntries(fields);
  }

  /** Every model has a column of words. */
  private called(model: Model, name: string): Row {
    return { [this.columns(model).find(({ type }) => type === 'text')!.field]: name };
  }

  private columns({ dbName: table, fields }: Model): { field: string; type: string }[] {
    const scalars = fields.filter(({ kind }) => kind === 'scalar');
    return scalars.map(({ name, dbName = name }) => {
      const column = this.shape.columns.find(
        (each) => each.table_name === table && each.column_name === dbName,
      );
      if (!column) throw new Error(`The database has no column ${table}.${dbName}`);
      return { field: name, type: column.udt_name };
    });
  }
}

/** The checkout's own folder for what is made: below it the packages are found that a client needs. */
async function cache(): Promise<string> {
  const directory = join(projectRoot(), '.cache');
  await mkdir(directory, { recursive: true });
  return directory;
}

/** As JavaScript, by Prisma's older generator: what the bridge's own makes would have to be compiled. */
async function generate(schema: string, directory: string): Promise<Generated> {
  const root = projectRoot();
  const file = join(directory, 'schema.prisma');
  const generator = 'generator client {\n  provider = "prisma-client-js"\n  output = "./client"\n}';
  await writeFile(file, (await readFile(schema, 'utf8')).replace(/^generator client \{[^}]*\}/m, generator));
  const prisma = join(root, 'node_modules/prisma/build/index.js');
  // The engine that it would download is needed for other commands only.
  const env = {
    PATH: process.env.PATH ?? '',
    PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
    CHECKPOINT_DISABLE: '1',
  };
  await promisify(execFile)(process.execPath, [prisma, 'generate', '--schema', file], { cwd: root, env });
  return (await import(join(directory, 'client'))) as Generated;
}
