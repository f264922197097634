/**
 * Glob patterns over relative paths with forward slashes: `*`, `?`, `**`, `{a,b}` and `[a-z]`. A pattern without a slash
 * matches a name at any depth; a pattern that matches a folder holds for everything in it. Case matters.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns
    .map(pattern =>
      pattern
        .trim()
        .replaceAll('\\', '/')
        .replace(/^\.?\/+/, '')
        .replace(/\/+$/, ''),
    )
    .filter(pattern => pattern !== '')
    .map(toExpression);
  if (expressions.length === 0) return () => false;
  return path => expressions.some(expression => expression.test(path));
}

function toExpression(pattern: string): RegExp {
  const anywhere = pattern.includes('/') ? '' : '(?:.*/)?';
  try {
    return new RegExp(`^${anywhere}${translate(pattern)}(?:/.*)?$`, 'su');
  } catch {
    // An unbalanced bracket: taken as the literal characters it is made of.
    return new RegExp(`^${anywhere}${pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?:/.*)?$`, 'su');
  }
}

const SPECIAL = /[\\^$.+()|/\]}]/;

function translate(pattern: string): string {
  let out = '';
  let braces = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (pattern.startsWith('**/', i) && (i === 0 || pattern[i - 1] === '/')) {
      out += '(?:[^/]+/)*';
      i += 2;
    } else if (pattern.startsWith('**', i)) {
      out += '.*';
      i += 1;
    } else if (c === '*') out += '[^/]*';
    else if (c === '?') out += '[^/]';
    else if (c === '{' && pattern.includes('}', i)) {
      out += '(?:';
      braces++;
    } else if (c === '}' && braces > 0) {
      out += ')';
      braces--;
    } else if (c === ',' && braces > 0) out += '|';
    else if (c === '[' && pattern.indexOf(']', i + 2) > 0) {
      const end = pattern.indexOf(']', i + 2);
      const inside = pattern
        .slice(i + 1, end)
        .replace(/[\\[\]]/g, '\\$&')
        .replace(/^!/, '^');
      out += `(?!/)[${inside}]`;
      i = end;
    } else out += SPECIAL.test(c) || c === '{' || c === '[' ? `\\${c}` : c;
  }
  return out;
}
