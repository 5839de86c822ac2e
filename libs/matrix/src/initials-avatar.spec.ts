import { PNG } from 'pngjs';
import { initialsAvatar } from './initials-avatar';

const pixel = ({ data, width }: PNG, x: number, y: number) => data.readUInt32BE(4 * (y * width + x));
const letterPixels = ({ data }: PNG) =>
  Array.from({ length: data.length / 4 }, (_, at) => data.readUInt32BE(4 * at)).filter(
    (colour) => colour === 0xffffffff,
  ).length;

it('is a disc with letters, clear around it', () => {
  const image = PNG.sync.read(initialsAvatar('RW', '@_fhir_bridge_0f:care.example'));
  expect([image.width, image.height]).toEqual([96, 96]);
  expect(pixel(image, 0, 0)).toBe(0);
  expect(pixel(image, 48, 3) & 0xff).toBe(0xff);
  expect(letterPixels(image)).toBeGreaterThan(500);
});

it('is small, and the same each time', () => {
  const one = initialsAvatar('RW', 'x');
  expect(one.equals(initialsAvatar('RW', 'x'))).toBe(true);
  expect(one.byteLength).toBeLessThan(4_096);
});

it('differs by letters, and by whose it is in colour alone', () => {
  expect(initialsAvatar('RW', 'x').equals(initialsAvatar('RV', 'x'))).toBe(false);
  const ids = Array.from({ length: 24 }, (_, number) => `ghost ${number}`);
  const images = ids.map((id) => PNG.sync.read(initialsAvatar('RW', id)));
  expect(new Set(images.map((image) => pixel(image, 48, 3))).size).toBeGreaterThan(5);
  expect(new Set(images.map(letterPixels)).size).toBe(1);
});

it('has a glyph for each letter, of another form than all others', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const images = letters.map((letter) => initialsAvatar(letter, 'x').toString('base64'));
  expect(new Set(images).size).toBe(26);
  expect(images).not.toContain(initialsAvatar('', 'x').toString('base64'));
});
