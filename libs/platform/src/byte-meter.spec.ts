import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { TooManyBytes, metered } from './byte-meter';

const failure = (cause: unknown) => new Error(`told: ${(cause as Error).message}`);

it('lets every byte through, and knows how many there were and their hash', async () => {
  const bytes = Buffer.from('a stream of bytes');
  const meter = metered(Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]), bytes.length, failure);
  expect((await buffer(meter)).equals(bytes)).toBe(true);
  expect(meter.bytes).toBe(bytes.length);
  expect(meter.sha1()).toBe(createHash('sha1').update(bytes).digest('base64'));
});

it('ends at the first byte too many, and lets go of the source', async () => {
  const source = new PassThrough();
  const meter = metered(source, 3, failure);
  source.write('abcd');
  await expect(buffer(meter)).rejects.toBeInstanceOf(TooManyBytes);
  expect(source.destroyed).toBe(true);
});

it('tells in its own words why the source failed', async () => {
  const source = new PassThrough();
  const meter = metered(source, 3, failure);
  source.destroy(new Error('cable cut'));
  await expect(buffer(meter)).rejects.toThrow('told: cable cut');
});

it('lets go of the source when its reader has gone', async () => {
  const source = new PassThrough();
  const meter = metered(source, 3, failure);
  meter.destroy();
  await once(source, 'close');
  expect(source.destroyed).toBe(true);
});

it('takes no more from the source than its reader takes from it', async () => {
  let given = 0;
  const source = new Readable({
    read() {
      given += 65_536;
      this.push(Buffer.alloc(65_536));
    },
  });
  const meter = metered(source, Infinity, failure);
  // Nobody reads: after the few bytes that the streams hold by themselves, the source is asked for no more.
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(given).toBeLessThanOrEqual(5 * 65_536);
  meter.destroy();
});
