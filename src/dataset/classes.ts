/** Where an image's class comes from: the path of its folder, that path's first `depth` parts, or nowhere. */
export type ClassRule = 'folder' | 'none' | { depth: number };

/**
 * The class of an image at `path` (inside the root, forward slashes): the whole path of its folder, because a bare
 * folder name would merge strangers (`Balinese/character01`, `Greek/character01`). Images in the root have none.
 */
export function classOf(path: string, rule: ClassRule): string | null {
  if (rule === 'none') return null;
  const parts = path.split('/').slice(0, -1);
  const kept = rule === 'folder' ? parts : parts.slice(0, Math.max(0, Math.trunc(rule.depth)));
  return kept.length === 0 ? null : kept.join('/');
}
