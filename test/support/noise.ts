import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that don't compress and don't repeat, the same ones for the same seed. */
export function noise(seed: string | number, bytes: number): Buffer {
  const key = createHash('sha256').update(String(seed)).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));
  return cipher.update(Buffer.alloc(bytes));
}

/** A whole number from 0 to `below` - 1 that seed and index decide. */
export function pick(seed: string | number, index: number, below: number): number {
  return noise(`${seed}/${index}`, 4).readUInt32LE() % below;
}
