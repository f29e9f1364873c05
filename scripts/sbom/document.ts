import type { Component } from './component.ts';
import { type Entry, sha1 } from './files.ts';
import { licenseRefs } from './license.ts';

/** The image as a whole. */
export type Subject = { name: string; version: string; license: string };

/** A component, what of it is in the image, and which other it is built into, if that is how it is there. */
export type Part = { component: Component; files: readonly Entry[]; builtInto?: string };

type Relationship = { spdxElementId: string; relationshipType: string; relatedSpdxElement: string };

/**
 * An SPDX 2.3 document, as it is in JSON. The same parts give the same bytes, whatever the time and the machine.
 *
 * A file has its SHA-1, which SPDX demands, and no other checksum; `hasFiles` says whose it is. With SHA-256 and
 * relationships the document would be 2 MB instead of 1.1, for an image that is to be small.
 *
 * @param created seconds since 1970
 */
export function spdxDocument(
  subject: Subject,
  parts: readonly Part[],
  created: number,
  comment: string,
): object {
  const files: object[] = [];
  const packages = parts.map(({ component, files: own }, index) => {
    const ids = own.map((entry) => {
      const id = `SPDXRef-f${files.length}`;
      files.push(spdxFile(id, entry));
      return id;
    });
    return spdxPackage(idOf(index), component, own, ids);
  });
  const whole = {
    ...{
      SPDXID: 'SPDXRef-image',
      name: subject.name,
      versionInfo: subject.version,
      downloadLocation: 'NOASSERTION',
    },
    ...{ filesAnalyzed: false, licenseDeclared: subject.license, primaryPackagePurpose: 'CONTAINER' },
  };
  const refs = [...new Set(parts.flatMap(({ component }) => licenseRefs(component.license)))].sort();
  const content = {
    packages: [whole, ...packages],
    files,
    relationships: relationships(parts),
    hasExtractedLicensingInfos: refs.map((licenseId) => ({
      licenseId,
      name: licenseId.replace('LicenseRef-Debian-', ''),
      extractedText: 'In the copyright file of each package that names it.',
    })),
  };
  return {
    ...{ spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT' },
    name: `${subject.name}-${subject.version}`,
    documentNamespace: `https://spdx.org/spdxdocs/${subject.name}-${subject.version}-${sha1(JSON.stringify(content))}`,
    comment,
    creationInfo: {
      created: new Date(created * 1000).toISOString().replace('.000Z', 'Z'),
      creators: [`Tool: ${subject.name}-sbom-${subject.version}`],
    },
    ...content,
  };
}

const idOf = (index: number) => `SPDXRef-p${index}`;

function relationships(parts: readonly Part[]): Relationship[] {
  const idByComponent = new Map(parts.map(({ component }, index) => [component.id, idOf(index)]));
  const contained = parts.map(({ builtInto }, index) => {
    const whole = builtInto === undefined ? 'SPDXRef-image' : idByComponent.get(builtInto);
    if (whole === undefined) throw new Error(`${builtInto} is no part of the image.`);
    return { spdxElementId: whole, relationshipType: 'CONTAINS', relatedSpdxElement: idOf(index) };
  });
  return [
    { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-image' },
    ...contained,
  ];
}

function spdxFile(SPDXID: string, { path, sha1, link }: Entry): object {
  return {
    fileName: `.${path}`,
    SPDXID,
    checksums: [{ algorithm: 'SHA1', checksumValue: sha1 }],
    ...(link === undefined ? {} : { comment: `symlink to ${link}` }),
  };
}

function spdxPackage(
  SPDXID: string,
  component: Component,
  files: readonly Entry[],
  hasFiles: readonly string[],
): object {
  const { name, version, supplier, license, licenseComments, purl, sourceInfo } = component;
  const verification = sha1(
    files
      .map((file) => file.sha1)
      .sort()
      .join(''),
  );
  return {
    SPDXID,
    name,
    versionInfo: version,
    supplier,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: hasFiles.length > 0,
    ...(hasFiles.length > 0
      ? { packageVerificationCode: { packageVerificationCodeValue: verification }, hasFiles }
      : {}),
    licenseDeclared: license,
    ...(licenseComments === undefined ? {} : { licenseComments }),
    ...(sourceInfo === undefined ? {} : { sourceInfo }),
    ...(purl === undefined
      ? {}
      : {
          externalRefs: [
            { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl },
          ],
        }),
  };
}
