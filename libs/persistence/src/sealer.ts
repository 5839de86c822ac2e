import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceLength = 12;
const tagLength = 16;

/** Encrypts the little patient data that Postgres must keep: AES-256-GCM, a new nonce each time. */
export class Sealer {
  /** @param key 32 bytes */
  constructor(private readonly key: Uint8Array) {}

  /** @returns nonce, tag and cipher text in one */
  seal(value: unknown): Uint8Array<ArrayBuffer> {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text]));
  }

  /** @throws when the key is another one or the bytes were changed */
  open(sealed: Uint8Array): unknown {
    const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, nonceLength));
    decipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength));
    const text = Buffer.concat([decipher.update(sealed.subarray(nonceLength + tagLength)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as unknown;
  }
}
