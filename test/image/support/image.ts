import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/paths.ts';

/** What an image says of itself, in the words of its format. */
export type ImageConfig = {
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels: Readonly<Record<string, string>>;
};

type Inspected = {
  readonly FromImageID: string;
  readonly OCIv1: { readonly architecture: string; readonly config: ImageConfig };
  /** JSON in JSON. */
  readonly Manifest: string;
};

/** An image that `npm run image` has built, as files and with its description. */
export class Image {
  readonly config: ImageConfig;
  readonly architecture: string;
  /** Its files. Nobody may change them: containers share them. */
  readonly rootfs: string;
  /** Its layers in bytes, as they are pulled but for their compression, the base's first. */
  readonly layers: { readonly base: number; readonly own: number };

  /** @param name the tag that it was built with; by default the one that it is built with by default */
  static open(name = `borg-volume-sync:${version()}`): Image {
    const unpacked = join(repositoryRoot, '.cache', 'image', 'unpacked', name.replaceAll('/', '_'));
    try {
      return new Image(realpathSync(unpacked));
    } catch (cause) {
      throw new Error(`There is no image "${name}": build it with "npm run image -- --tag ${name}".`, {
        cause,
      });
    }
  }

  private constructor(directory: string) {
    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Inspected;
    const [image, base] = [read('image.json'), read('base.json')];
    this.rootfs = join(directory, 'rootfs');
    this.config = image.OCIv1.config;
    this.architecture = image.OCIv1.architecture;
    const total = bytesOf(image);
    this.layers = { base: bytesOf(base), own: total - bytesOf(base) };
  }

  /** The path on this machine of one in the image. */
  at(path: string): string {
    return join(this.rootfs, path);
  }
}

function bytesOf({ Manifest }: Inspected): number {
  const { layers } = JSON.parse(Manifest) as { layers: readonly { size: number }[] };
  return layers.reduce((sum, { size }) => sum + size, 0);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  return String(version);
}
