import { dirname, posix } from 'node:path';
import ts from 'typescript';
import type { Source } from './sources.ts';

const parsed = new WeakMap<Source, ts.Node[]>();

/** The file's syntax tree with all that is in it. */
export function nodes(source: Source): ts.Node[] {
  const known = parsed.get(source);
  if (known) return known;
  const all: ts.Node[] = [];
  const add = (node: ts.Node): void => {
    all.push(node);
    ts.forEachChild(node, add);
  };
  add(ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true));
  parsed.set(source, all);
  return all;
}

/** Where a finding is, as editors and terminals open it. */
export function at(node: ts.Node): string {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

export type Import = { node: ts.Node; from: string; specifier: string; typeOnly: boolean };

/** Whatever names another module: import, export … from, import(), import('…').Type. */
export function imports(source: Source): Import[] {
  const found: Import[] = [];
  for (const node of nodes(source)) {
    const [name, typeOnly = false] = moduleNamed(node);
    if (name && ts.isStringLiteralLike(name)) {
      found.push({ node, from: source.path, specifier: name.text, typeOnly });
    }
  }
  return found;
}

function moduleNamed(node: ts.Node): [name?: ts.Node | undefined, typeOnly?: boolean] {
  if (ts.isImportDeclaration(node)) {
    return [node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword];
  }
  if (ts.isExportDeclaration(node)) return [node.moduleSpecifier, node.isTypeOnly];
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return [node.argument.literal, true];
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return [node.arguments[0], false];
  }
  return [];
}

/** The file that a relative import means, among those given; undefined for packages and everything else. */
export function target({ from, specifier }: Import, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = posix.join(dirname(from), specifier);
  return [base, `${base}.ts`, base.replace(/\.js$/, '.ts'), `${base}/index.ts`].find((path) =>
    paths.has(path),
  );
}
