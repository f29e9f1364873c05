/** A part of the image that has a version and a licence of its own, and may have files. */
export type Component = {
  /** Unique in the image, such as `deb/openssh-client`. */
  id: string;
  name: string;
  version: string;
  /** As SPDX wants it: `Organization: …`, `Person: …` or NOASSERTION. */
  supplier: string;
  /** An SPDX expression, or NOASSERTION. */
  license: string;
  /** What the expression doesn't say. */
  licenseComments?: string;
  purl?: string;
  /** What it was built from, where that has another name or version. */
  sourceInfo?: string;
};

/** The components, and the id of the one that each path of the image belongs to, as far as they know themselves. */
export type Inventory = { components: Component[]; owners: Map<string, string> };
