import { fnv1a32, partitionOf } from './partition';

describe('partition', () => {
  // The published test vectors of FNV-1a, 32 bits (Landon Curt Noll's reference, "test_fnv.c").
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ])('hashes %j as FNV-1a does', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  it('hashes the UTF-8 bytes of a text, not its UTF-16 units', () => {
    expect(fnv1a32('é')).toBe(fnv1a32Bytes([0xc3, 0xa9]));
  });

  it('spreads room ids over all partitions', () => {
    const used = new Set(
      Array.from({ length: 1_000 }, (_, room) => partitionOf(`!room-${room}:care.example`, 32)),
    );
    expect(used.size).toBe(32);
    expect(Math.min(...used)).toBe(0);
    expect(Math.max(...used)).toBe(31);
  });
});

/** Written out with big numbers, as the definition has it. */
function fnv1a32Bytes(bytes: number[]): number {
  let hash = 0x811c9dc5n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n;
  return Number(hash);
}
