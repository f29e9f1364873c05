import { isUtf8 } from 'node:buffer';

/**
 * A path as bytes, each as one character: file names need not be UTF-8, and a name that is decoded and encoded again
 * may name nothing.
 */
export type BytePath = string;

/** The bytes of a path, for a system call. */
export function toBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** A path of ordinary text as bytes. */
export function fromText(path: string): BytePath {
  return Buffer.from(path).toString('latin1');
}

/** A path as Borg's JSON and people see it: each byte that is no UTF-8 is a question mark. */
export function toText(path: BytePath): string {
  return decode(path, () => '?');
}

/** A path as Borg matches patterns against it: each byte that is no UTF-8 is a lone surrogate, U+DC00 + byte. */
export function toMatchable(path: BytePath): string {
  return decode(path, (byte) => String.fromCharCode(0xdc00 + byte));
}

function decode(path: BytePath, standIn: (byte: number) => string): string {
  const bytes = toBytes(path);
  if (isUtf8(bytes)) {
    return bytes.toString();
  }
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(
      (length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)),
    );
    text += length === undefined ? standIn(bytes[at] ?? 0) : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}
