import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

/** A path of the image and what is there; what begins with `-> ` is a symlink. */
export type Files = Readonly<Record<string, string>>;

/** The files of an image with three Debian packages, a fourth of which it has one file, Borg, Node and the program. */
export const TINY_IMAGE: Files = {
  '/bin': '-> usr/bin',
  '/etc/debian_version': '13.8\n',
  '/etc/os-release': 'NAME=x\nVERSION_ID="13"\n',
  '/var/lib/dpkg/status': [
    'Package: base-files\nStatus: install ok installed\nArchitecture: all\nVersion: 13.8\nDescription: base\n of all',
    'Package: dpkg\nArchitecture: amd64\nVersion: 1.22',
    'Package: libx1\nArchitecture: amd64\nSource: x (1:2.0-1)\nVersion: 1:2.0-1+b1\n',
  ].join('\n\n'),
  '/var/lib/dpkg/info/base-files.list': list(
    ...['/bin', '/etc/debian_version', '/etc/os-release', '/etc/here', '/usr/share/doc/base-files/copyright'],
  ),
  '/var/lib/dpkg/info/dpkg.list': list('/usr/share/doc/dpkg/copyright'),
  '/usr/share/doc/dpkg/copyright': 'In words.\n',
  '/var/lib/dpkg/info/libx1:amd64.list': list(
    ...[
      '/bin/x',
      '/etc/here',
      '/usr/lib/x/x.py',
      '/usr/share/man/x.1',
      '/usr/share/doc/libx1',
      '/usr/share/doc/libx1/copyright',
    ],
  ),
  '/var/lib/dpkg/diversions': '/etc/here\n/etc/there\nbase-files\n',
  '/etc/here': 'of base-files',
  '/etc/there': 'of libx1, which was diverted',
  '/usr/bin/x': 'x',
  '/usr/lib/x/x.py': 'x',
  '/usr/lib/x/__pycache__/x.cpython-313.pyc': 'compiled',
  '/usr/share/doc/base-files/copyright': 'In words.\n',
  '/usr/share/doc/libx1/copyright': `${FORMAT}\n\nFiles: *\nLicense: GPL-2+\n\nFiles: y\nLicense: Expat\n`,
  '/etc/alternatives/y': '-> /bin/x',
  '/usr/bin/y': '-> /etc/alternatives/y',
  '/var/lib/dpkg/status.d/sshd': 'Package: sshd\nArchitecture: amd64\nVersion: 10\n',
  '/var/lib/dpkg/status.d/sshd.md5sums': 'd41d8cd98f00b204e9800998ecf8427e  usr/sbin/sshd\n',
  '/usr/sbin/sshd': '',
  '/usr/share/doc/sshd': '-> libx1',
  '/opt/borg/borg-1.4.5.dist-info/METADATA':
    'Name: borg\nVersion: 1.4.5\nLicense-Expression: BSD-3-Clause\n\nText',
  '/opt/borg/borg-1.4.5.dist-info/licenses/LICENSE': 'BSD',
  '/opt/borg/borg-1.4.5.dist-info/RECORD': [
    ...[
      '../../bin/borg,,',
      'borg/main.py,,',
      'borg-1.4.5.dist-info/METADATA,,',
      'borg-1.4.5.dist-info/RECORD,,',
    ],
    'borg-1.4.5.dist-info/licenses/LICENSE,,',
  ].join('\n'),
  '/opt/borg/bin/borg': 'borg',
  '/opt/borg/borg/main.py': 'borg',
  '/usr/local/bin/node': 'node',
  '/opt/borg-volume-sync/main.js': 'program',
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
  '/etc/hostname': 'the build machine',
  '/proc/1/environ': 'the build machine',
};

export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), file);
    else writeFileSync(file, content);
  }
}

function list(...paths: string[]): string {
  return ['/.', ...paths, ''].join('\n');
}
